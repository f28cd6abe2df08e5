import { TokenSentences, tokenClass } from "../tasks/recall/token-sentences.js";
import type { Tokenizer } from "../text/tokenizer.js";

/** What each token may be at the end of a sentence, by the names of its classes. */
export type SentenceTables = Readonly<Record<keyof typeof tokenClass, readonly boolean[]>>;

/**
 * The classes of all tokens.
 *
 * @param vocabSize rows of the model's word embedding
 */
export function sentenceTables(tokenizer: Tokenizer, vocabSize: number): SentenceTables {
  const sentences = new TokenSentences(tokenizer);
  const classes = Array.from({ length: vocabSize }, (_, id) =>
    tokenizer.idToToken(id) === undefined ? 0 : sentences.classOf(id),
  );
  const has = (bit: number) => classes.map((one) => (one & bit) !== 0);
  const named = Object.entries(tokenClass).map(([name, bit]) => [name, has(bit)]);
  // Made of the classes' own names.
  return Object.fromEntries(named) as SentenceTables;
}
