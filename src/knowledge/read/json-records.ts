import { type DataFile, fileName } from "../../data/bytes.js";
import { beginning, type JsonRecord, parseRecord, readJsonRecords, readLines } from "../../data/records.js";
import { UserError } from "../../errors.js";
import type { ReadKnowledgeOptions } from "../statement.js";

/** The records of a JSON array, or of JSON Lines, of which a line that is no JSON is a fault. */
export async function* soundRecords(
  file: DataFile,
  { onFault }: Pick<ReadKnowledgeOptions, "onFault">,
): AsyncGenerator<Pick<JsonRecord, "value" | "where">> {
  if ((await beginning(file)).startsWith("[")) return yield* readJsonRecords(file);
  for await (const { text, line } of readLines(file)) {
    if (text.trim() === "") continue;
    const where = `${fileName(file)}:${line}`;
    const value = parsed(text, where);
    if (value === undefined) onFault("not-json", where);
    else yield { value, where };
  }
}

/** Undefined where the text is no JSON. */
function parsed(text: string, where: string): unknown {
  try {
    return parseRecord(text, where);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
