import { z } from "zod";
import { listOf } from "../files/lists.js";
import { checkRecord, readJsonLines } from "./records.js";
import { fromTokens, type LabelOptions, type RelationExample, type TokenRange } from "./relation-example.js";

const index = z.int().min(0);
const entity = z.object({
  name: z.string().nullish(),
  id: z.string().nullish(),
  pos: z.tuple([index, index]),
});
/** A line of OpenNRE's Wiki80; `pos` is a range of words, end exclusive. */
export const wiki80Record = z.object({
  token: listOf(z.string(), { least: 1 }),
  h: entity,
  t: entity,
  relation: z.string().min(1).max(4096),
});

const unlabelledRecord = wiki80Record.extend({ relation: z.string().max(4096).nullish() });

/** Reads OpenNRE's JSON Lines (Wiki80 and its like). The head entity is the subject. */
export async function* readWiki80(path: string, { unlabelled }: LabelOptions = {}): AsyncGenerator<RelationExample> {
  for await (const { value, where } of readJsonLines(path)) {
    const record = checkRecord(unlabelled ? unlabelledRecord : wiki80Record, value, where, "Wiki80");
    const { token, h, t } = record;
    const range = (pos: readonly [number, number], field: string): TokenRange => {
      return { first: pos[0], last: pos[1] - 1, field };
    };
    yield fromTokens(token, range(h.pos, "h.pos"), range(t.pos, "t.pos"), record.relation ?? "", where, {
      subjectId: h.id,
      objectId: t.id,
    });
  }
}
