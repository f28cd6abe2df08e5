/**
 * Texts before and after their entities are found.
 * @module
 */
import type { Span } from "../../data/relation-example.js";

/** A text that an aligner reads. */
export interface SourceDocument {
  /** Unique among the documents of a run. */
  readonly id: string;
  /** What it is about, where the source tells. */
  readonly title: string | null;
  readonly text: string;
  /** Links of the source's own markup: where they stand, and the title or id they point to. */
  readonly links?: readonly (Span & { readonly target: string })[];
  /** `file:line` */
  readonly where: string;
}

/** How a mention was found. */
export type MentionKind = "name" | "surname" | "link" | "pronoun" | "date" | "number";

/** A part of a sentence that stands for an entity, or for a value. */
export interface AlignedMention extends Span {
  /** Id of the entity, or the value in its normal form. */
  readonly id: string;
  readonly found: MentionKind;
  /** How sure it is, from 0 to 1. */
  readonly score: number;
}

/** Two mentions of a sentence and a relation that is known to hold between them. */
export interface AlignedPair {
  /** Index among the sentence's mentions. */
  readonly subject: number;
  /** Index among the sentence's mentions. */
  readonly object: number;
  /** Id of the relation; null for a pair that is known to have none. */
  readonly relation: string | null;
  /** From 0 to 1. */
  readonly score: number;
}

export interface AlignedSentence {
  readonly text: string;
  /** Where it begins in the document, in UTF-16 units. */
  readonly start: number;
  readonly mentions: readonly AlignedMention[];
  readonly pairs: readonly AlignedPair[];
}

/** What an aligner makes of a document. */
export interface AlignedDocument {
  readonly id: string;
  readonly sentences: readonly AlignedSentence[];
  /** What was left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}
