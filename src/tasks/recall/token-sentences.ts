/**
 * Where the sentences of a tokenised text end, as far as its tokens tell: for whatever reaches no further than the sentence
 * in which something stands. Two sentences taken for one are the milder mistake.
 * @module
 */
import type { Tokenizer } from "../../text/tokenizer.js";

/** What a token may be, as bits: all that decides, so that a graph can look it up too. */
export const tokenClass = {
  /** Ends with what ends a sentence. */
  ends: 1,
  /** Quotation marks and brackets that belong to the sentence before them. */
  closes: 2,
  /** May begin a sentence: no small letter, no comma. */
  begins: 4,
  /** A full stop behind it ends no sentence: an initial, an abbreviation. */
  shortens: 8,
  /** Digits: between two of them a full stop is a point. */
  number: 16,
} as const;

const abbreviations = new Set(
  "mr mrs ms dr st jr sr prof gen col sgt capt lt rev hon inc ltd co corp no vs vol pp ed al etc".split(" "),
);
const isShort = (word: string) => /^\p{L}$/u.test(word) || abbreviations.has(word.toLowerCase());
const [ending, closing, opening] = [/^(.*?)[.!?…。！？]+["'”’»)\]]*$/u, /^["'”’»)\]]+$/u, /^\s+["'“‘«([]/u];
const capital = /^\s*(?:\p{Lu}|\p{Lt}|\p{Lo}|\p{N})/u;

/** The class of a token by its text: {@link tokenClass}es together. */
function classOf(text: string): number {
  const word = text.trim();
  const end = ending.exec(word);
  return (
    (end && !isShort(end[1] ?? "") ? tokenClass.ends : 0) |
    (closing.test(text) ? tokenClass.closes : 0) |
    (capital.test(text) || opening.test(text) ? tokenClass.begins : 0) |
    (isShort(word) ? tokenClass.shortens : 0) |
    (/^\p{N}+$/u.test(word) ? tokenClass.number : 0)
  );
}

/**
 * Cuts texts of one tokenizer into sentences. A sentence ends behind token `i` where that ends one, or closes what the
 * token before it ends, and the next token begins one and closes none; unless an abbreviation stands before the mark, or
 * numbers stand on both of its sides.
 */
export class TokenSentences {
  private readonly classes = new Map<number, number>();

  constructor(private readonly tokenizer: Tokenizer) {}

  /** Of each token the number of its sentence, from 0. */
  of(inputIds: readonly number[]): readonly number[] {
    const classes = inputIds.map((id) => this.classOf(id));
    let sentence = 0;
    return classes.map((_, at) => (endsAt(classes, at) ? sentence++ : sentence));
  }

  /** A token's {@link tokenClass}es. */
  classOf(id: number): number {
    let found = this.classes.get(id);
    if (found === undefined) {
      found = classOf(this.tokenizer.decode([id]));
      this.classes.set(id, found);
    }
    return found;
  }
}

function endsAt(classes: readonly number[], at: number): boolean {
  const is = (i: number, one: number) => ((classes[i] ?? 0) & one) !== 0;
  const { ends, closes, begins, shortens, number } = tokenClass;
  const mark = is(at, ends) ? at : is(at, closes) && is(at - 1, ends) ? at - 1 : null;
  if (mark === null || is(at + 1, closes) || !is(at + 1, begins)) return false;
  return !is(mark - 1, shortens) && !(is(mark - 1, number) && is(at + 1, number));
}
