/**
 * Numbers as they are written in texts, and in one normal form.
 * @module
 */
import { numberOf } from "../values.js";

/** A number in digits, as triples have it; null where it is none, or has more than forty digits. */
export const normalNumber = (written: string): string | null => (digits.test(written) ? numberOf(written) : null);

const digits = /^[+-]?\d{1,40}(\.\d{1,40})?$/;

/** A number in normal form, times a power of ten. */
export function timesTen(normal: string, power: number): string {
  const [whole = "", fraction = ""] = normal.split(".");
  const all = whole + fraction.padEnd(power, "0");
  const point = whole.length + power;
  return normalNumber(`${all.slice(0, point)}${all.length > point ? `.${all.slice(point)}` : ""}`) ?? normal;
}

const ones = `zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen`.split(/\s+/);
const tens = "twenty thirty forty fifty sixty seventy eighty ninety".split(" ");

/** In small letters. */
export const numberWords: readonly string[] = [...ones, ...tens];

/** What a word such as `twelve` or `Thirty` stands for. */
export function numberOfWord(word: string): number | undefined {
  const lower = word.toLowerCase();
  const one = ones.indexOf(lower);
  if (one >= 0) return one;
  const ten = tens.indexOf(lower);
  return ten >= 0 ? 10 * (ten + 2) : undefined;
}

const powers: Readonly<Record<string, number>> = { hundred: 2, thousand: 3, million: 6, billion: 9, trillion: 12 };

/** The power of ten that `million` and the like stand for. */
export const powerOfWord = (word: string): number | undefined =>
  Object.hasOwn(powers, word) ? powers[word] : undefined;
