import { z } from "zod";
import { listOf } from "../files/lists.js";
import { checkRecord, readRecords } from "./records.js";
import { fromTokens, type LabelOptions, type RelationExample } from "./relation-example.js";

const index = z.int().min(0);
const optional = z.string().nullish();

/** What TACRED's records and those of the official code's trex-rc have in common; ends are inclusive. */
const tokenRecord = z.object({
  token: listOf(z.string(), { least: 1 }),
  subj_start: index,
  subj_end: index,
  obj_start: index,
  obj_end: index,
  docid: optional,
  id: optional,
});
/** Bounded because relations are held while a file is counted. */
const name = z.string().min(1).max(4096);
/** TACRED (LDC2018T24) and what is written in its form; stanford_* fields are not needed. */
const tacredRecord = tokenRecord.extend({ relation: name, subj_type: optional, obj_type: optional });
const unlabelledRecord = tacredRecord.extend({ relation: z.string().max(4096).nullish() });
/** The official code's own trex-rc; its clean_T_REx.py writes relations as numbers. */
export const trexRcRecord = tokenRecord.extend({
  relation: z.union([name, z.int().min(0)]),
  subj_label: z.string(),
  obj_label: z.string(),
});

/** The example of a record, with whatever ids and types the format has. */
export function fromTokenRecord(
  record: z.infer<typeof tokenRecord>,
  relation: string,
  where: string,
  extras: Parameters<typeof fromTokens>[5],
): RelationExample {
  return fromTokens(
    record.token,
    { first: record.subj_start, last: record.subj_end, field: "subj_start/subj_end" },
    { first: record.obj_start, last: record.obj_end, field: "obj_start/obj_end" },
    relation,
    where,
    { id: record.id ?? record.docid, ...extras },
  );
}

/** Reads a JSON array in TACRED's form. */
export async function* readTacred(path: string, { unlabelled }: LabelOptions = {}): AsyncGenerator<RelationExample> {
  for await (const { value, where } of readRecords(path)) {
    const record = checkRecord(unlabelled ? unlabelledRecord : tacredRecord, value, where, "TACRED");
    yield fromTokenRecord(record, record.relation ?? "", where, {
      subjectType: record.subj_type,
      objectType: record.obj_type,
    });
  }
}

/** The relation of TACRED's pairs that have none. */
export const noRelation = "no_relation";

/**
 * The official code's `negative_sample` for training sets: of the records without a relation the first
 * `negativeSample - 1` are kept (not `negativeSample`), and none for 0. `onSkip` is told of every other.
 */
export async function* limitNegatives(
  examples: AsyncIterable<RelationExample>,
  negativeSample: number,
  onSkip: (skipped: RelationExample) => void,
): AsyncGenerator<RelationExample> {
  let seen = 0;
  for await (const example of examples) {
    if (example.relation !== noRelation || negativeSample - ++seen > 0) yield example;
    else onSkip(example);
  }
}
