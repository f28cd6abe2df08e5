/**
 * Which names are looked for, and how else they are written.
 * @module
 */
import { commonWords } from "./common-words.js";
import { type Tokens, tokenFlags } from "./tokens.js";

/** Words and signs of the longest name: a bit of a number says of each length whether there are such names. */
export const longestName = 32;

/** More letters are no name. It keeps a value of megabytes from being cut into words. */
const mostLetters = 1000;

/** Why a name is not looked for. */
export type NameRefusal =
  | "names without a letter"
  | "names that are numbers"
  | "names of one letter"
  | "names that are common words"
  | "names of more than 32 words";

/** Why the name that `tokens` has read is not looked for; undefined where it is. */
export function refuseName(name: string, tokens: Tokens): NameRefusal | undefined {
  if (tokens.count > longestName || name.length > mostLetters) return "names of more than 32 words";
  if (!/[\p{L}\p{N}]/u.test(name)) return "names without a letter";
  if (!/\p{L}/u.test(name)) return "names that are numbers";
  // A sign tells `C++` from a letter; a full stop, which initials have, does not.
  if (/^[\s.]*[\p{L}\p{N}]\p{M}*[\s.]*$/u.test(name)) return "names of one letter";
  // `US` and `IT` are names, `us` and `It` are none.
  if (commonWords.has(name.toLowerCase()) && (name !== name.toUpperCase() || name === "I")) {
    return "names that are common words";
  }
  return undefined;
}

/** Another way to write a name, and whether only a sentence's first word is written so. */
export interface NameVariant {
  readonly name: string;
  readonly atStart: boolean;
}

const leadingArticle = /^The (?=\p{L})/u;
const lowerFirst = /^\p{Ll}/u;

/** Ways to write a name beside the name itself: `glass` as a sentence's first word, and `the Hague`. */
export function nameVariants(name: string): readonly NameVariant[] {
  if (leadingArticle.test(name)) return [{ name: `t${name.slice(1)}`, atStart: false }];
  if (!lowerFirst.test(name)) return [];
  const first = String.fromCodePoint(name.codePointAt(0)!);
  return [{ name: first.toUpperCase() + name.slice(first.length), atStart: true }];
}

/** Words that stand at the end of people's names without being one. */
const suffixes = new Set(["jr", "sr", "ii", "iii", "iv", "v", "esq"]);

/** Small words inside people's names; not `of`, behind which a place stands. */
const particles = new Set(
  "de del della der den di da do dos du des la le van von zu ter ten bin ibn al el y e".split(" "),
);

/**
 * Where a person's surname stands among the tokens of the full name, as an index; −1 where the name is not of two to
 * five words that begin with capitals (but for `de`, `van` and the like).
 */
export function surnameIn(text: string, tokens: Tokens, from: number, to: number): number {
  let last = -1;
  let words = 0;
  for (let i = from; i < to; i++) {
    if (tokens.flags[i]! & tokenFlags.sign) continue;
    const word = text.slice(tokens.starts[i], tokens.ends[i]);
    if (/\p{N}/u.test(word)) return -1;
    if (suffixes.has(word.toLowerCase()) && words > 0) continue;
    words++;
    if (/^\p{Lu}/u.test(word)) last = i;
    else if (!particles.has(word)) return -1;
  }
  const isLong = last >= 0 && tokens.ends[last]! - tokens.starts[last]! > 2;
  return words >= 2 && words <= 5 && isLong ? last : -1;
}
