/** A text with a hole. */
export interface WordQuestion {
  /** With one `[MASK]`, or the model's own mask such as `<mask>`. */
  readonly text: string;
}

/** A word for the hole, and its probability, from 0 to 1. */
export interface RankedWord {
  /** One token of the model's vocabulary, without the space before it. */
  readonly word: string;
  /** Among the whole vocabulary, from 0 to 1. */
  readonly probability: number;
}

/** The likeliest word, and those after it. */
export interface WordAnswer extends RankedWord {
  /** The likeliest first; as many as were asked for. */
  readonly words: readonly RankedWord[];
}
