/** A part of a text: UTF-16 offsets, end exclusive. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** A text as token ids with both entities marked. */
export interface MarkedText {
  /** Ids, special tokens included. */
  readonly inputIds: number[];
  /** Index in `inputIds` of the token whose vector stands for the subject, see {@link EntityVector}. */
  readonly subject: number;
  readonly object: number;
}

/** Why a text could not be marked: it is counted, not dropped in silence. */
export interface SkippedText {
  readonly skipped:
    | "entities-too-far-apart"
    | "mention-too-long"
    | "marker-beyond-limit"
    | "too-long"
    | "official-code-fails";
}
