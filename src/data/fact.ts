/**
 * A fact by itself: subject, relation, object.
 * @module
 */
import { z } from "zod";
import { userError } from "../errors.js";
import type { TrexSkip } from "./trex/trex.js";

/** A fact that can be taught and asked for. */
export interface Fact {
  readonly subject: string;
  /** `capital of`, `P36`. */
  readonly relation: string;
  readonly object: string;
  /** Other names of the object, which are right answers too. */
  readonly aliases: readonly string[];
  /**
   * Sentences that state it, as wordings of this fact alone: `[X]` stands for the subject and `[Y]` for the object. Facts
   * of a table have none.
   */
  readonly sentences?: readonly string[];
  /** `file:line` */
  readonly where: string;
}

/** What a fact answers, as a key: facts with the same one are answers to one question. */
export const questionKey = ({ subject, relation }: Pick<Fact, "subject" | "relation">): string =>
  JSON.stringify([subject, relation]);

/** A fact as a key. */
export const factKey = ({ subject, relation, object }: Pick<Fact, "subject" | "relation" | "object">): string =>
  JSON.stringify([subject, relation, object]);

/** Why a record is left out. */
export type FactSkip =
  | TrexSkip
  | "repeated"
  | "no-subject"
  /** Of knowledge by ids: another entity has the same label. */
  | "ambiguous-name"
  /** Of sentences: the class of pairs without a relation. */
  | "no-relation"
  /** One of the marked spans holds a part of the other. */
  | "overlapping-spans"
  /** A name is empty, too long, or holds what stands for a hole. */
  | "unusable-name"
  /** The sentence holds `[X]`, `[Y]` or `[MASK]`. */
  | "placeholder-in-sentence"
  /** The object stands in the sentence once more, where it is not hidden. */
  | "object-told"
  | "too-long";

/** More facts, or sentences, are not read: each is held in memory. */
export const mostFacts = 1_000_000;

/** @throws UserError where they are too many */
export function checkCount(count: number, what: "facts" | "sentences", where: string): void {
  if (count <= mostFacts) return;
  throw userError({ where, what: "the file is too large", expected: `at most ${mostFacts} ${what}` });
}

/** Most characters of a wording. */
export const mostPatternCharacters = 4096;

/** A name as it stands in a sentence: trimmed, in one line. */
export const factName = z
  .string()
  .trim()
  .min(1)
  .max(1024)
  .refine((text) => !/\p{Cc}/u.test(text), "it holds a line break or another control character")
  .refine((text) => !/\[(X|Y|MASK)\]/.test(text), "it holds [X], [Y] or [MASK]");

export const factNames = z.object({ subject: factName, relation: factName, object: factName });
