/**
 * How many pairs of entities each relation of T-REx has: counted in one reading of the data, and kept in a file for all
 * later ones.
 * @module
 */

import { z } from "zod";
import { setting, userError } from "../../errors.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { fileBytes } from "../../files/bounds.js";
import { parseWith, readJsonIfThere } from "../../files/json.js";
import { listOf } from "../../files/lists.js";
import { createHash } from "../../host/hashing.js";
import { shown } from "../../phrases.js";
import type { RelationExample } from "../relation-example.js";

/** More relations than Wikidata has properties: the file holds something else. */
export const mostRelations = 50_000;

/** Pairs of a relation are counted up to here, and to as many as are asked for. */
const countedPairs = 1000;
/** Pairs of all relations that are held together. */
const mostPairs = 5_000_000;

const whole = z.int().min(0);

const countFile = z.object({
  format: z.literal("kadapter-pair-counts/1"),
  /** The files that were counted, in their order. */
  files: listOf(z.object({ name: z.string().max(4096), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
  /** A relation with so many pairs has at least as many. */
  upTo: whole,
  relations: listOf(z.object({ relation: z.string().max(4096), examples: whole, pairs: whole })),
});
export type PairCounts = z.output<typeof countFile>;
export type CountedFile = PairCounts["files"][number];

const kind = { what: "the counts of pairs", mostBytes: fileBytes.records, expected: "what an earlier reading wrote" };

/**
 * The counts that a file holds; null where it is not there, or does not count as far as is asked for.
 *
 * @throws UserError where it is no such file
 */
export async function readPairCounts(path: string, least: number): Promise<PairCounts | null> {
  const read = await readJsonIfThere(path, kind);
  if (read === undefined) return null;
  const counts = parseWith(countFile, read, path, kind);
  return counts.upTo >= least ? counts : null;
}

export const writePairCounts = (path: string, counts: PairCounts): Promise<void> =>
  writeFileAtomically(path, `${JSON.stringify(counts, null, 1)}\n`);

/** @throws UserError where a file that is read is not the one that was counted */
export function requireCounted(path: string, counted: CountedFile | undefined, { name, sha256 }: CountedFile): void {
  if (counted?.name === name && counted.sha256 === sha256) return;
  const was =
    counted === undefined
      ? "has no such file"
      : counted.name === name
        ? "has another hash of it"
        : `has ${shown(counted.name)} in its place`;
  throw userError({
    where: path,
    what: `the pairs were counted in other data: ${shown(name)} was read, and the file ${was}`,
    fix: `remove it to count again, or name another file (${setting("pairCounts")})`,
  });
}

/** Counts the pairs of relations; of no relation more are held than are asked for. */
export class PairCounter {
  readonly #upTo: number;
  readonly #held = new Map<string, Set<string>>();
  readonly #examples = new Map<string, number>();
  #pairs = 0;

  constructor(least: number) {
    this.#upTo = Math.max(countedPairs, least);
  }

  add({ relation, subjectId, objectId, where }: RelationExample): void {
    const before = this.#examples.get(relation);
    this.#examples.set(relation, (before ?? 0) + 1);
    if (before === undefined) this.#begin(relation, where);
    const held = this.#held.get(relation);
    // Of a relation that has enough none are held.
    if (held === undefined) return;
    const size = held.size;
    held.add(pairKey(subjectId, objectId));
    this.#pairs += held.size - size;
    if (held.size >= this.#upTo) {
      this.#pairs -= held.size;
      this.#held.delete(relation);
    }
    if (this.#pairs > mostPairs) throw tooMany(where, `more than ${mostPairs} pairs of relations that have few`);
  }

  #begin(relation: string, where: string): void {
    this.#held.set(relation, new Set());
    if (this.#examples.size > mostRelations) throw tooMany(where, `more than ${mostRelations} relations`);
  }

  counts(files: readonly CountedFile[]): PairCounts {
    const relations = [...this.#examples].map(([relation, examples]) => {
      return { relation, examples, pairs: this.#held.get(relation)?.size ?? this.#upTo };
    });
    relations.sort((a, b) => b.examples - a.examples || (a.relation < b.relation ? -1 : 1));
    return { format: "kadapter-pair-counts/1", files: [...files], upTo: this.#upTo, relations };
  }
}

const tooMany = (where: string, what: string) => userError({ where, what, expected: "T-REx's Wikidata properties" });

/** A short name for a pair of entities; long ids are hashed, so that a file cannot fill the memory with them. */
function pairKey(subject: string | undefined, object: string | undefined): string {
  const key = JSON.stringify([subject, object]);
  return key.length <= 64 ? key : createHash("sha256").update(key).digest("base64");
}
