import type { OpenQuestion } from "../../data/open-questions.js";
import type { EncodedText } from "../task.js";
import type { SpanTargets } from "./span-loss.js";

/** A question with one paragraph, or a part of a long one. */
export interface EncodedParagraph extends EncodedText, SpanTargets {
  readonly paragraph: string;
  /** For each token from `first` on, where its characters start and end in the paragraph. */
  readonly offsets: Int32Array;
}

export interface EncodedQuestion extends EncodedText {
  /** `inputIds` is the longest of them. */
  readonly texts: readonly EncodedParagraph[];
  readonly example: OpenQuestion;
}
