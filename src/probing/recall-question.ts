/**
 * Questions about facts, and what is noted of their answers.
 * @module
 */
import type { RecallExample } from "../tasks/recall/recall-example.js";

export type Ids = readonly number[];

export type FactExample = Extract<RecallExample, { readonly kind: "fact" }>;

/** One answer under way. */
export interface Answer {
  /** Worst rank of each right answer's tokens; among what a causal model says freely that of the whole answer. */
  readonly ranks: number[];
  /** Log-probability of each object that competes. */
  readonly typed: Float64Array;
  /** The likeliest tokens, or those of the likeliest answer. */
  readonly best: number[];
}

/** One question, and who answered what. */
export interface Question {
  readonly example: FactExample;
  /** As it was given. */
  readonly wording: string;
  readonly right: readonly Ids[];
  readonly competing: readonly Ids[];
  /** By set, in the sets' order. */
  readonly answers: readonly Answer[];
}

/** Items by a key, in their order. */
export function groups<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const own = found.get(key);
    if (own) own.push(item);
    else found.set(key, [item]);
  }
  return found;
}
