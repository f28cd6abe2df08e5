import { z } from "zod";

/** A text with a hole, or several. */
export interface WordQuestion {
  /**
   * With `[MASK]`, or the model's own mask such as `<mask>`. Masks that stand together are one hole: an answer of as many
   * tokens.
   */
  readonly text: string;
}

/** What a {@link WordQuestion} holds. */
export const wordQuestion: z.ZodType<WordQuestion> = z.object({ text: z.string() });

/** Words for the hole, and their probability. */
export interface RankedWord {
  /** As many tokens of the model's vocabulary as the hole has masks, without the space before; of several holes all. */
  readonly word: string;
  /** The words of each hole, where the text has several. */
  readonly parts?: readonly string[];
  /**
   * From 0 to 1. Of one token: among the whole vocabulary. Of several: the product of each token's probability when it
   * was filled in. Of answers of different lengths: the geometric mean of the tokens' pseudo-likelihoods.
   */
  readonly probability: number;
}

/** The likeliest word, and those after it. */
export interface WordAnswer extends RankedWord {
  /** The likeliest first; as many as were asked for. */
  readonly words: readonly RankedWord[];
}
