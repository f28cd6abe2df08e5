/**
 * Mentions while they are being made.
 * @module
 */
import type { Span } from "../../data/relation-example.js";
import type { MentionKind } from "./document.js";

/** A part of a text that stands for something, before it is settled for what. */
export interface Draft extends Span {
  readonly found: MentionKind;
  /** The first of its tokens. */
  readonly first: number;
  /** After the last of its tokens. */
  readonly last: number;
  /** The name's slot in the table of names; −1 for all else. */
  readonly slot: number;
  /** What it may stand for; of a value, its nodes from the exact one to coarser ones. */
  readonly nodes: readonly number[];
  /** Of a value its normal form; null for what is named by the node. */
  readonly value: string | null;
}

/** A draft, settled. */
export interface Mention extends Draft {
  /** From 0 to 1. */
  readonly score: number;
}

/** Counts what is left out, by reason. */
export class Skipped {
  readonly counts: Record<string, number> = {};

  add(reason: string, count = 1): void {
    if (count > 0) this.counts[reason] = (this.counts[reason] ?? 0) + count;
  }
}
