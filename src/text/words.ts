import { officialEncode } from "./official.js";
import type { Tokenizer } from "./tokenizer.js";

/** Words of a sentence as sub-words, without special tokens. */
export interface WordEncoding {
  readonly ids: readonly number[];
  /** Index in `ids` of each word's first sub-word. */
  readonly firsts: readonly number[];
}

/** A word, and whether a space stands between it and the next. */
export interface SpacedWord {
  readonly form: string;
  readonly spaceAfter: boolean;
}

/**
 * Tokenises a sentence so that every sub-word belongs to one word. Words that are written together ("do" and "n't") are
 * tokenised together, as the model has seen them, unless a sub-word would stand in two of them: then one by one.
 *
 * @returns null where a word leaves no token (the tokenizer knows neither its characters nor an unknown token)
 */
export function encodeWords(tokenizer: Tokenizer, words: readonly SpacedWord[]): WordEncoding | null {
  const ids: number[] = [];
  const firsts: number[] = [];
  for (let from = 0; from < words.length; ) {
    let to = from;
    while (to < words.length - 1 && !words[to]?.spaceAfter) to++;
    const forms = words.slice(from, to + 1).map(({ form }) => form);
    if (!encodeRun(tokenizer, from === 0 ? "" : " ", forms, ids, firsts)) return null;
    from = to + 1;
  }
  return { ids, firsts };
}

/** Adds words that are written together; false where one of them leaves no token. */
function encodeRun(
  tokenizer: Tokenizer,
  space: string,
  forms: readonly string[],
  ids: number[],
  firsts: number[],
): boolean {
  const together = tokenizer.encode(space + forms.join(""));
  const starts = firstsOf(together.offsets, space.length, forms);
  if (starts) {
    for (const start of starts) firsts.push(ids.length + start);
    for (const id of together.ids) ids.push(id);
    return true;
  }
  return forms.every((form, i) => {
    const alone = tokenizer.encode((i === 0 ? space : "") + form).ids;
    const { unk } = tokenizer.specials;
    firsts.push(ids.length);
    for (const id of alone.length === 0 && unk !== undefined ? [unk] : alone) ids.push(id);
    return alone.length > 0 || unk !== undefined;
  });
}

/** Each word's first token; null unless every token is within one word and every word has one. */
function firstsOf(
  offsets: readonly (readonly [number, number])[],
  begin: number,
  forms: readonly string[],
): number[] | null {
  const firsts: number[] = [];
  let token = 0;
  let start = begin;
  for (const form of forms) {
    const end = start + form.length;
    const first = token;
    while (token < offsets.length) {
      const [from, to] = offsets[token] as readonly [number, number];
      if (from >= end) break;
      if (to > end) return null;
      token++;
    }
    if (token === first) return null;
    firsts.push(first);
    start = end;
  }
  return token === offsets.length ? firsts : null;
}

/** As the released `convert_examples_to_features_find_head` does: every word on its own, a space in front. */
export function encodeWordsOfficially(tokenizer: Tokenizer, forms: readonly string[]): WordEncoding {
  const ids: number[] = [];
  const firsts: number[] = [];
  for (const form of forms) {
    firsts.push(ids.length);
    ids.push(...officialEncode(tokenizer, form));
  }
  return { ids, firsts };
}
