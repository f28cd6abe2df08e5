import { z } from "zod";
import { type DataFile, fileName } from "../../data/bytes.js";
import { checkRecord, readRecords } from "../../data/records.js";
import type { ReadDocument } from "./read-document.js";

/** A record of a document; other fields are passed over. */
const record = z.object({
  text: z.string(),
  id: z.union([z.string().min(1).max(1024), z.int()]).nullish(),
  title: z.string().max(4096).nullish(),
});

/** The documents of JSON Lines or of a JSON array: `text`, and perhaps `id` and `title`. */
export async function* recordDocuments(from: DataFile, name: string): AsyncGenerator<ReadDocument> {
  for await (const { value, where } of readRecords(from)) {
    const { text, id, title } = checkRecord(record, value, where, "document");
    // `name:line`, where the record has no id.
    const own = `${name}${where.slice(fileName(from).length)}`;
    yield { id: String(id ?? own), title: title ?? null, text, where };
  }
}
