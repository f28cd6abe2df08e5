/**
 * How texts are aligned.
 * @module
 */

export interface AlignOptions {
  /** BCP 47 tag of the texts' language, for the ends of sentences (`en`). */
  readonly language: string;
  /** Leave out pairs whose types are unusual for the relation (`learn`). */
  readonly types: "learn" | "off";
  /** Surnames stand for persons whose full name stood before (true). */
  readonly surnames: boolean;
  /** He, she, it and they at the beginning of a sentence stand for what the document is about (false). */
  readonly pronouns: boolean;
  /** Most words between the two mentions of a pair (any number). */
  readonly maxDistance: number;
  /** Ids of relations that are left out (none). */
  readonly exclude: readonly string[];
  /** Leave out pairs whose mentions begin with the same letters, such as Norway and Norwegian (false). */
  readonly noSharedStem: boolean;
  /** Pairs without a fact for each with one, at most 1 (0). */
  readonly negatives: number;
  /** Decides which pairs without a fact are taken (1). */
  readonly seed: number;
}

export const defaultAlignOptions: AlignOptions = {
  language: "en",
  types: "learn",
  surnames: true,
  pronouns: false,
  maxDistance: Number.POSITIVE_INFINITY,
  exclude: [],
  noSharedStem: false,
  negatives: 0,
  seed: 1,
};
