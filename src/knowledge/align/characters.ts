/**
 * What a character is to whoever looks for names.
 * @module
 */

/** White space, and characters that nobody sees. */
export const space = 0;
/** Part of a word: letters, digits, and the marks upon them. */
export const inWord = 1;
/** A word by itself, as scripts have them that write no spaces between words. */
export const alone = 2;
/** Punctuation and symbols: each stands by itself. */
export const sign = 3;

/** Scripts whose words are not parted by spaces; Hangul's particles stick to names. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

function classOf(character: string): number {
  if (/[\s\p{Z}\p{Cf}\p{Cc}]/u.test(character)) return space;
  if (unspaced.test(character)) return alone;
  return /[\p{L}\p{N}\p{M}]/u.test(character) ? inWord : sign;
}

/** Classes of the characters of one UTF-16 unit; surrogates are looked up by their pairs. */
const basic = Uint8Array.from({ length: 0x10000 }, (_, code) => classOf(String.fromCharCode(code)));

/** The class of a code point. */
export const characterClass = (code: number): number =>
  code < 0x10000 ? basic[code]! : classOf(String.fromCodePoint(code));

/** Apostrophes, hyphens and quotation marks are written in many ways: one of each stands for all. */
const folded: ReadonlyMap<number, number> = new Map(
  (
    [
      ["'", "’‘ʼ′`´"],
      ["-", "‐‑‒–—−"],
      ['"', "“”„«»″"],
    ] as const
  ).flatMap(([one, others]) => [...others].map((other) => [other.charCodeAt(0), one.charCodeAt(0)] as const)),
);

/** A sign as it is compared. */
export const foldSign = (code: number): number => (code < 0x80 && code !== 0x60 ? code : (folded.get(code) ?? code));
