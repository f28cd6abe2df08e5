import { checkRecord, readRecords } from "./records.js";
import type { LabelOptions, RelationExample } from "./relation-example.js";
import { fromTokenRecord, trexRcRecord } from "./tacred.js";

const unlabelledRecord = trexRcRecord.extend({ relation: trexRcRecord.shape.relation.nullish() });

/** Reads the official code's `data/trex-rc` JSON: TACRED's form with Wikidata ids in place of types. */
export async function* readTrexRc(path: string, { unlabelled }: LabelOptions = {}): AsyncGenerator<RelationExample> {
  for await (const { value, where } of readRecords(path)) {
    const record = checkRecord(unlabelled ? unlabelledRecord : trexRcRecord, value, where, "T-REx-rc");
    yield fromTokenRecord(record, String(record.relation ?? ""), where, {
      subjectId: record.subj_label,
      objectId: record.obj_label,
    });
  }
}
