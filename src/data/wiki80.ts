import { z } from "zod";
import { checkRecord, readJsonLines } from "./records.js";
import { fromTokens, type RelationExample, type TokenRange } from "./relation-example.js";

const index = z.int().min(0);
const entity = z.object({
  name: z.string().nullish(),
  id: z.string().nullish(),
  pos: z.tuple([index, index]),
});
/** A line of OpenNRE's Wiki80; `pos` is a range of words, end exclusive. */
export const wiki80Record = z.object({
  token: z.array(z.string()).min(1),
  h: entity,
  t: entity,
  relation: z.string().min(1).max(4096),
});

/** Reads OpenNRE's JSON Lines (Wiki80 and its like). The head entity is the subject. */
export async function* readWiki80(path: string): AsyncGenerator<RelationExample> {
  for await (const { value, where } of readJsonLines(path)) {
    const { token, h, t, relation } = checkRecord(wiki80Record, value, where, "Wiki80");
    const range = (pos: readonly [number, number], field: string): TokenRange => {
      return { first: pos[0], last: pos[1] - 1, field };
    };
    yield fromTokens(token, range(h.pos, "h.pos"), range(t.pos, "t.pos"), relation, where, {
      subjectId: h.id,
      objectId: t.id,
    });
  }
}
