/**
 * White space among the words: spaCy has tokens of it (UPOS `SPACE`), which its CoNLL-U holds as they are, line breaks
 * included. They are no words, and are dropped.
 * @module
 */
import type { DependencyWord } from "./dependency-sentence.js";
import type { Line } from "./records.js";

const begun = /^\d{1,7}\t[^\S\t]*$/;
const goesOn = /^\s*$/;
const ends = /^[^\S\t]*(?=\tSPACE\t)/;
/** More line breaks stand in no token. */
const mostLines = 1000;

/** The lines of a file, where a token of line breaks is one again; its FORM and LEMMA are `_`. */
export async function* withWholeRows(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  let held: Line[] = [];
  for await (const one of lines) {
    const [first] = held;
    if (first === undefined) {
      if (begun.test(one.text)) held = [one];
      else yield one;
    } else if (ends.test(one.text)) {
      yield { line: first.line, text: `${first.text.trim()}\t_\t_${one.text.replace(ends, "")}` };
      held = [];
    } else if (goesOn.test(one.text) && held.length < mostLines) held.push(one);
    else {
      // Something else than such a token: the reader says what is wrong.
      yield* held;
      held = [];
      yield one;
    }
  }
  yield* held;
}

/** Whether a word is white space. */
export const isSpaceToken = ({ upos }: Pick<DependencyWord, "upos">): boolean => upos === "SPACE";

/**
 * A sentence without its tokens of white space. What depended on one depends on the word that it depended on; of several
 * that depended on the root through one, the first becomes the root.
 *
 * @returns the words, and which of the old ones (from 0) each was
 */
export function withoutSpaceTokens(words: readonly DependencyWord[]): {
  readonly words: DependencyWord[];
  readonly before: readonly number[];
} {
  const before = words.flatMap((word, i) => (isSpaceToken(word) ? [] : [i]));
  const place = new Map(before.map((old, i) => [old + 1, i + 1] as const));
  const heads = before.map((old) => headOutside(words, (words[old] as DependencyWord).head));
  // A root of white space has handed its place to all that depended on it.
  const root = before.findIndex((old, i) => heads[i] === 0 && words[old]?.head === 0);
  const first = root >= 0 ? root : heads.indexOf(0);
  const kept = before.map((old, i): DependencyWord => {
    const word = words[old] as DependencyWord;
    const head = heads[i] as number;
    const through = head === 0 && word.head !== 0 && i !== first;
    return {
      ...word,
      head: through ? first + 1 : head > 0 ? (place.get(head) ?? head) : head,
      spaceAfter: word.spaceAfter || (words[old + 1] !== undefined && isSpaceToken(words[old + 1] as DependencyWord)),
    };
  });
  return { words: kept, before };
}

/** The first head on the way up that is no white space; one that no sentence has, where that way has no end. */
function headOutside(words: readonly DependencyWord[], head: number): number {
  let at = head;
  for (let steps = 0; steps <= words.length; steps++) {
    const word = words[at - 1];
    if (word === undefined || !isSpaceToken(word)) return at;
    at = word.head;
  }
  return words.length + 1;
}
