import type { Tokenizer } from "./tokenizer.js";

/**
 * A word's tokens in the middle of a text, where a byte-level token carries the space before it.
 *
 * @returns none where the tokenizer knows some part of it only as unknown
 */
export function wordIds({ kind, specials, encode }: Tokenizer, word: string): readonly number[] {
  const { ids } = encode(kind === "byte-level-bpe" ? ` ${word}` : word);
  return ids.includes(specials.unk ?? -1) ? [] : ids;
}
