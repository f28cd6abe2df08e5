/**
 * Types of entities, and which of them stand on either side of a relation.
 * @module
 */
import { sharedUint32 } from "./shared-arrays.js";

/** How often a relation's subjects and objects have two types: sorted keys, and their numbers beside them. */
export interface TypePairs {
  /** `(relation · types + subject's type) · types + object's type` */
  readonly keys: Float64Array;
  readonly counts: Uint32Array;
  /** Triples of each relation. */
  readonly totals: Uint32Array;
}

export interface TypeTable {
  readonly names: readonly string[];
  /** Sets of types that entities have, as indices of `names`; the first set is empty. */
  readonly sets: readonly (readonly number[])[];
  /** The set of each node. */
  readonly ofNode: Uint32Array;
  /** Null where they were not to be learned. */
  readonly pairs: TypePairs | null;
}

/** An entity's further types are left out. */
const mostTypes = 8;

/** Gives types and sets of them numbers. */
export class TypeSets {
  readonly #names = new Map<string, number>();
  readonly #sets = new Map<string, number>([["", 0]]);
  readonly sets: number[][] = [[]];

  get names(): readonly string[] {
    return [...this.#names.keys()];
  }

  /** The number of a set of types. */
  number(types: readonly string[]): number {
    if (types.length === 0) return 0;
    const numbers = types.slice(0, mostTypes).map((name) => this.name(name));
    const key = numbers.join();
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    this.#sets.set(key, this.sets.length);
    return this.sets.push(numbers) - 1;
  }

  private name(type: string): number {
    const known = this.#names.get(type);
    if (known !== undefined) return known;
    this.#names.set(type, this.#names.size);
    return this.#names.size - 1;
  }
}

/** Counts the types on either side of each relation. */
export function learnTypes(
  triples: Iterable<readonly [subject: number, relation: number, object: number]>,
  { sets, ofNode, names }: Omit<TypeTable, "pairs">,
  relations: number,
): TypePairs {
  const counts = new Map<number, number>();
  const totals = sharedUint32(relations);
  for (const [subject, relation, object] of triples) {
    totals[relation]!++;
    for (const key of typeKeys(sets, ofNode, names.length, subject, relation, object)) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const keys = new Float64Array(new SharedArrayBuffer(8 * counts.size));
  keys.set(Float64Array.from(counts.keys()).sort());
  const found = sharedUint32(counts.size);
  for (const [i, key] of keys.entries()) found[i] = counts.get(key)!;
  return { keys, counts: found, totals };
}

function* typeKeys(
  sets: TypeTable["sets"],
  ofNode: Uint32Array,
  types: number,
  subject: number,
  relation: number,
  object: number,
): Generator<number> {
  for (const one of sets[ofNode[subject]!]!) {
    for (const other of sets[ofNode[object]!]!) yield (relation * types + one) * types + other;
  }
}

/** Of fewer triples it cannot be told what is usual. */
const leastTriples = 50;

/**
 * How usual the types of a pair are for a relation: of its triples, the share that has them, the triple at hand left
 * out. 1 where either has no type, or the relation has few triples.
 */
export function typeShare(table: TypeTable, subject: number, relation: number, object: number): number {
  const { sets, ofNode, names, pairs } = table;
  if (pairs === null || ofNode[subject] === 0 || ofNode[object] === 0) return 1;
  if (pairs.totals[relation]! < leastTriples) return 1;
  let most = 1;
  for (const key of typeKeys(sets, ofNode, names.length, subject, relation, object)) {
    most = Math.max(most, countOf(pairs, key));
  }
  return (most - 1) / (pairs.totals[relation]! - 1);
}

function countOf({ keys, counts }: TypePairs, key: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return keys[low] === key ? counts[low]! : 0;
}
