import { readLines } from "./records.js";

/** A line of a text file with words in it. */
export interface TextLine {
  readonly text: string;
  /** `file:line` */
  readonly where: string;
}

/**
 * The lines of plain text files, gzipped or not, of any size; one line is held at a time. A line is a sentence, passage
 * or paragraph. Empty lines are passed over.
 */
export async function* readTextLines(files: readonly string[]): AsyncGenerator<TextLine> {
  for (const file of files) {
    for await (const { text, line } of readLines(file)) {
      const trimmed = text.trim();
      if (trimmed !== "") yield { text: trimmed, where: `${file}:${line}` };
    }
  }
}

/** The first lines of plain text files, so many at most. */
export async function readFirstLines(files: readonly string[], most: number): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { text } of readTextLines(files)) {
    lines.push(text);
    if (lines.length >= most) break;
  }
  return lines;
}

/** Tokens of a text in a row, as much as a model reads at once. */
export interface TokenBlock {
  /** Without special tokens. */
  readonly ids: Int32Array;
  /** For each token the first one of its word. */
  readonly words: Int32Array;
}

/** A line as tokens. */
export interface EncodedLine {
  readonly ids: readonly number[];
  readonly words: readonly number[];
}

/**
 * Packs lines into blocks of `length` tokens, as RoBERTa's FULL-SENTENCES does: one line after the other, a long one
 * goes on in the next block (cut between words where a word fits). The last block is what is left.
 *
 * @param separator stands between lines, where the model has such a token
 */
export async function* packLines(
  lines: AsyncIterable<EncodedLine> | Iterable<EncodedLine>,
  length: number,
  separator: number | undefined,
): AsyncGenerator<TokenBlock> {
  let ids: number[] = [];
  let words: number[] = [];
  const add = (id: number, word: number) => {
    ids.push(id);
    words.push(word);
  };
  for await (const line of lines) {
    if (separator !== undefined && ids.length > 0) add(separator, ids.length);
    for (const [i, id] of line.ids.entries()) {
      const begins = line.words[i] === i;
      add(id, begins ? ids.length : (words.at(-1) ?? ids.length));
    }
    while (ids.length > length) {
      const cut = cutBetweenWords(words, length);
      yield block(ids.slice(0, cut), words.slice(0, cut));
      ids = ids.slice(cut);
      words = words.slice(cut).map((first) => Math.max(0, first - cut));
    }
  }
  if (ids.length > 0) yield block(ids, words);
}

/** The last place up to `length` where a word begins; `length` where a single word fills all. */
function cutBetweenWords(words: readonly number[], length: number): number {
  const first = words[length] ?? length;
  return first > 0 ? first : length;
}

function block(ids: readonly number[], words: readonly number[]): TokenBlock {
  return { ids: Int32Array.from(ids), words: Int32Array.from(words) };
}
