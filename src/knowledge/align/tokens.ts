/**
 * A text as words and signs, each with a hash of 64 bits.
 * @module
 */
import { mix32 } from "../../random.js";
import { characterClass, foldSign, inWord, sign, space } from "./characters.js";

/** What stands in front of a token, and what it is. */
export const tokenFlags = {
  /** An empty line stands in front of it, which no name goes across. */
  afterBreak: 1,
  /** A sentence may begin with it. */
  first: 2,
  /** It is punctuation or a symbol. */
  sign: 4,
} as const;

/** Marks after which a sentence may begin. */
const beforeSentence = new Set([..."。！？.!?:;\"'“‘(*•"].map((mark) => mark.charCodeAt(0)));

const [startOfLow, startOfHigh] = [0x811c9dc5, 0x2545f491];

/**
 * The tokens of one text at a time, in arrays that are used again for the next. A word is a run of letters, digits and
 * marks; a sign, and a character of a script without spaces, is a token by itself. White space only parts words.
 */
export class Tokens {
  count = 0;
  /** Where each begins, in UTF-16 units. */
  starts = new Uint32Array(1024);
  ends = new Uint32Array(1024);
  /** Each one's hash: two numbers that have nothing to do with each other. */
  low = new Uint32Array(1024);
  high = new Uint32Array(1024);
  /** Of {@link tokenFlags}. */
  flags = new Uint8Array(1024);

  read(text: string): this {
    this.count = 0;
    let flags: number = tokenFlags.first;
    let lineFeeds = 0;
    for (let at = 0; at < text.length; ) {
      const code = text.codePointAt(at)!;
      const kind = characterClass(code);
      const start = at;
      at += code > 0xffff ? 2 : 1;
      if (kind === space) {
        if (code === 0x0a) lineFeeds++;
        continue;
      }
      if (lineFeeds > 0) flags |= lineFeeds > 1 ? tokenFlags.first | tokenFlags.afterBreak : tokenFlags.first;
      lineFeeds = 0;
      if (kind === inWord) at = this.addWord(text, start, flags);
      else this.add(start, at, kind === sign ? foldSign(code) : code, kind === sign ? flags | tokenFlags.sign : flags);
      flags = kind === sign && beforeSentence.has(code) ? tokenFlags.first : 0;
    }
    return this;
  }

  /** Adds the word that begins at `start`, and gives its end. */
  private addWord(text: string, start: number, flags: number): number {
    let low = startOfLow;
    let high = startOfHigh;
    let marks = false;
    let at = start;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      const wide = code >= 0xd800 && code < 0xdc00;
      if (characterClass(wide ? text.codePointAt(at)! : code) !== inWord) break;
      if (code >= 0x300 && code < 0x370) marks = true;
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ code, 0x5bd1e995);
      high ^= high >>> 15;
      if (wide) low = Math.imul(low ^ text.charCodeAt(at + 1), 0x01000193);
      if (wide) high = Math.imul(high ^ text.charCodeAt(at + 1), 0x5bd1e995);
      at += wide ? 2 : 1;
    }
    const composed = marks ? text.slice(start, at).normalize("NFC") : "";
    if (marks && composed !== text.slice(start, at)) {
      const { low, high } = new Tokens().read(composed);
      this.push(start, at, low[0]!, high[0]!, flags);
    } else this.push(start, at, mix32(low), mix32(high), flags);
    return at;
  }

  /** Adds a token of a single character. */
  private add(start: number, end: number, code: number, flags: number): void {
    const low = Math.imul(startOfLow ^ code, 0x01000193);
    const high = Math.imul(startOfHigh ^ code, 0x5bd1e995);
    this.push(start, end, mix32(low), mix32(high ^ (high >>> 15)), flags);
  }

  private push(start: number, end: number, low: number, high: number, flags: number): void {
    if (this.count === this.starts.length) this.grow();
    const i = this.count++;
    this.starts[i] = start;
    this.ends[i] = end;
    this.low[i] = low;
    this.high[i] = high;
    this.flags[i] = flags;
  }

  private grow(): void {
    const more = <T extends Uint32Array | Uint8Array>(old: T, wider: T): T => {
      wider.set(old);
      return wider;
    };
    const length = 2 * this.starts.length;
    this.starts = more(this.starts, new Uint32Array(length));
    this.ends = more(this.ends, new Uint32Array(length));
    this.low = more(this.low, new Uint32Array(length));
    this.high = more(this.high, new Uint32Array(length));
    this.flags = more(this.flags, new Uint8Array(length));
  }
}

/** A token more at the end of a sequence: both halves of the hash begin at 0. */
export const extendHash = (sequence: number, token: number): number => (Math.imul(sequence, 0x9e3779b1) + token) >>> 0;
