/**
 * One word's tokens, in the units the word is measured in: UTF-16 units of the normalised word (WordPiece), or UTF-8
 * bytes (byte-level BPE).
 */
export interface EncodedWord {
  readonly ids: readonly number[];
  /** Where each token starts and ends in the word; for byte-level BPE without the space that a token carries. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** The part of @huggingface/tokenizers' model that is used here; its own typings do not resolve under NodeNext. */
export interface SubwordModel {
  encode(words: string[]): string[];
  bpe?(word: string): string[];
  readonly tokens_to_ids: Map<string, number>;
  readonly unk_token_id?: number;
  readonly unk_token?: string;
}

const cacheLimit = 1 << 16;
const longestCached = 64;

/** Words repeat: their tokens are kept, up to a bound, after which the cache starts anew. */
export function cached(encode: (word: string) => EncodedWord): (word: string) => EncodedWord {
  const cache = new Map<string, EncodedWord>();
  return (word) => {
    const known = cache.get(word);
    if (known !== undefined) return known;
    const encoded = encode(word);
    if (word.length <= longestCached) {
      if (cache.size >= cacheLimit) cache.clear();
      cache.set(word, encoded);
    }
    return encoded;
  };
}

/** WordPiece: tokens are consecutive parts of the word, all but the first marked by a prefix ("##"). */
export function wordPieceEncoder(model: SubwordModel, prefix: string): (word: string) => EncodedWord {
  return cached((word) => {
    const tokens = model.encode([word]);
    const ids = tokens.map((token) => model.tokens_to_ids.get(token) ?? model.unk_token_id ?? 0);
    // An unknown word becomes one token that stands for all of it.
    if (tokens.length === 1) return { ids, starts: [0], ends: [word.length] };
    const starts: number[] = [];
    const ends: number[] = [];
    let position = 0;
    for (const [index, token] of tokens.entries()) {
      starts.push(position);
      position += token.length - (index === 0 ? 0 : prefix.length);
      ends.push(position);
    }
    return { ids, starts, ends };
  });
}

/**
 * Byte-level BPE over a word written in byte symbols: every symbol is a byte, so lengths are exact even where a token
 * holds a part of a character.
 */
export function byteLevelEncoder(model: SubwordModel, ignoreMerges: boolean): (symbols: string) => EncodedWord {
  return cached((symbols) => {
    const whole = ignoreMerges && model.tokens_to_ids.has(symbols);
    const tokens = whole || model.bpe === undefined ? [symbols] : model.bpe(symbols);
    const ids: number[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    let position = 0;
    for (const token of tokens) {
      const start = position;
      position += token.length;
      const id = model.tokens_to_ids.get(token) ?? model.unk_token_id;
      if (id === undefined) continue;
      ids.push(id);
      const leading = spaces(token, 0, 1);
      starts.push(start + leading);
      ends.push(leading === token.length ? position : position - spaces(token, token.length - 1, -1));
    }
    return { ids, starts, ends };
  });
}

/** Space symbols at an end of a token. */
function spaces(token: string, from: number, step: 1 | -1): number {
  let count = 0;
  for (let index = from; token[index] === "Ġ"; index += step) count++;
  return count;
}
