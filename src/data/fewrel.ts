import { z } from "zod";
import { userError } from "../errors.js";
import { listOf } from "../files/lists.js";
import { checkRecord, readJsonRecords } from "./records.js";
import { fromTokens, type LabelOptions, type RelationExample, type TokenRange } from "./relation-example.js";

const index = z.int().min(0);
const entity = z.tuple([z.string(), z.string(), listOf(listOf(index, { least: 1 }), { least: 1 })]).rest(z.unknown());
/** An instance of FewRel (Han et al. 2018): lower-cased name, Wikidata id, mentions as lists of token indices. */
const fewRelRecord = z.object({ tokens: listOf(z.string(), { least: 1 }), h: entity, t: entity });

/**
 * Reads FewRel's `{relation: [instance, …]}`. The head entity is the subject; of several mentions the first counts.
 * A plain array of instances has no relations.
 */
export async function* readFewRel(path: string, { unlabelled }: LabelOptions = {}): AsyncGenerator<RelationExample> {
  for await (const { key, value, where } of readJsonRecords(path)) {
    const record = checkRecord(fewRelRecord, value, where, "FewRel");
    if (key === undefined && !unlabelled) {
      throw userError({
        where,
        what: "the instance stands under no relation",
        expected: "an object {relation: [instances]}",
      });
    }
    const mention = (field: "h" | "t"): TokenRange => {
      const words = record[field][2][0]!;
      const ascending = words.every((word, position) => position === 0 || word > words[position - 1]!);
      const last = ascending ? words.at(-1)! : -1;
      return { first: words[0]!, last, field: `${field}.2.0` };
    };
    yield fromTokens(record.tokens, mention("h"), mention("t"), key ?? "", where, {
      subjectId: record.h[1],
      objectId: record.t[1],
    });
  }
}
