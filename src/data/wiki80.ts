import { z } from "zod";
import { isFolder } from "../files/folder.js";
import { listOf } from "../files/lists.js";
import { alignedParts } from "./aligned-folder.js";
import { spanOfCodePoints } from "./code-points.js";
import { checkRecord, readRecords } from "./records.js";
import { example, fromTokens, type LabelOptions, type RelationExample, type TokenRange } from "./relation-example.js";

const index = z.int().min(0);
const entity = z.object({
  name: z.string().nullish(),
  id: z.string().nullish(),
  pos: z.tuple([index, index]),
});
/** A record of OpenNRE's Wiki80; `pos` is a range of words, end exclusive. */
export const wiki80Record = z.object({
  token: listOf(z.string(), { least: 1 }),
  h: entity,
  t: entity,
  relation: z.string().min(1).max(4096),
});
/** OpenNRE's other form: `pos` is a range of the text's characters, as Python counts them, end exclusive. */
const textRecord = wiki80Record.omit({ token: true }).extend({ text: z.string() });

const anyRelation = { relation: z.string().max(4096).nullish() };
const unlabelledRecord = wiki80Record.extend(anyRelation);
const unlabelledText = textRecord.extend(anyRelation);

const hasText = (value: unknown) =>
  typeof value === "object" && value !== null && !("token" in value) && "text" in value;

/**
 * Reads OpenNRE's records (Wiki80 and its like), JSON Lines or an array, or a folder of aligned sentences. The head
 * entity is the subject.
 */
export async function* readWiki80(path: string, options: LabelOptions = {}): AsyncGenerator<RelationExample> {
  for (const from of (await isFolder(path)) ? await alignedParts(path) : [path]) {
    for await (const { value, where } of readRecords(from)) {
      yield (hasText(value) ? fromText : fromWords)(value, where, options.unlabelled === true);
    }
  }
}

function fromText(value: unknown, where: string, unlabelled: boolean): RelationExample {
  const { text, h, t, relation } = checkRecord(unlabelled ? unlabelledText : textRecord, value, where, "OpenNRE");
  const span = ([start, end]: readonly [number, number], field: string) =>
    spanOfCodePoints(text, start, end, where, field);
  const extras = { subjectId: h.id, objectId: t.id };
  return example(text, span(h.pos, "h.pos"), span(t.pos, "t.pos"), relation ?? "", where, extras);
}

function fromWords(value: unknown, where: string, unlabelled: boolean): RelationExample {
  const record = checkRecord(unlabelled ? unlabelledRecord : wiki80Record, value, where, "Wiki80");
  const { token, h, t } = record;
  const range = (pos: readonly [number, number], field: string): TokenRange => {
    return { first: pos[0], last: pos[1] - 1, field };
  };
  return fromTokens(token, range(h.pos, "h.pos"), range(t.pos, "t.pos"), record.relation ?? "", where, {
    subjectId: h.id,
    objectId: t.id,
  });
}
