/**
 * Where the sentences of a tokenised text end, as far as its tokens tell: for whatever reaches no further than the sentence
 * in which something stands. Two sentences taken for one are the milder mistake.
 * @module
 */
import type { Tokenizer } from "../../text/tokenizer.js";

/** What a sentence ends with, and what may stand behind it. */
const [ending, closing] = [/[.!?…。！？]["'”’»)\]]*$/u, /^["'”’»)\]]+$/u];
/** With these before it, a full stop ends no sentence; single letters are initials. */
const abbreviations = new Set(
  "mr mrs ms dr st jr sr prof gen col sgt capt lt rev hon inc ltd co corp no vs vol pp ed al etc".split(" "),
);
const [wordBefore, beginning] = [/([\p{L}\p{N}]+)\s*[.!?…]["'”’»)\]]*$/u, /^[^\p{L}\p{N}]*(?!\p{Ll})[\p{L}\p{N}]/u];

/** Cuts texts of one tokenizer into sentences. */
export class TokenSentences {
  private readonly texts = new Map<number, string>();

  constructor(private readonly tokenizer: Tokenizer) {}

  /** Of each token the number of its sentence, from 0. */
  of(inputIds: readonly number[]): readonly number[] {
    let sentence = 0;
    return inputIds.map((_, at) => {
      const own = sentence;
      if (this.ends(inputIds, at)) sentence++;
      return own;
    });
  }

  private ends(inputIds: readonly number[], at: number): boolean {
    const next = inputIds[at + 1];
    // Quotation marks and brackets belong to the sentence that they close; behind a space they open one.
    if (next === undefined || closing.test(this.text(next))) return false;
    let end = at;
    while (end > 0 && closing.test(this.text(inputIds[end] as number))) end--;
    if (!ending.test(this.text(inputIds[end] as number))) return false;
    const before = wordBefore.exec(this.tokenizer.decode(inputIds.slice(Math.max(0, end - 3), end + 1)))?.[1] ?? "";
    if (before.length === 1 || abbreviations.has(before.toLowerCase())) return false;
    return beginning.test(this.tokenizer.decode(inputIds.slice(at + 1, at + 4)).trim());
  }

  private text(id: number): string {
    const known = this.texts.get(id);
    if (known !== undefined) return known;
    const text = this.tokenizer.decode([id]);
    this.texts.set(id, text);
    return text;
  }
}
