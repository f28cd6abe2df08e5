/**
 * The words of a sentence as Universal Dependencies cuts them, English in the way of its treebanks EWT and GUM.
 * @module
 */
import { anywhere, beforeNames, beforeNumbers } from "./abbreviations.js";
import { withoutClitics } from "./ud-clitics.js";

/** A word and where it stands: UTF-16 offsets, end exclusive. */
export interface UdWord {
  readonly form: string;
  readonly start: number;
  readonly end: number;
  /** Whether a space stands between it and the next word. */
  readonly spaceAfter: boolean;
}

/** What stands between two spaces is cut where it is longer, so that no pattern goes over a megabyte again and again. */
const longestChunk = 1000;
const chunks = new RegExp(`[^\\s\\p{Cc}]{1,${longestChunk}}`, "gu");

/** Cuts a sentence into its words. Every character stands in one of them, except white space and control characters. */
export function udWords(sentence: string): readonly UdWord[] {
  const end = sentence.trimEnd().length;
  const found: Omit<UdWord, "spaceAfter">[] = [];
  for (const { 0: chunk, index } of sentence.matchAll(chunks)) {
    let start = index;
    for (const form of formsOf(chunk, index + chunk.length === end)) {
      found.push({ form, start, end: start + form.length });
      start += form.length;
    }
  }
  return found.map((word, i) => ({ ...word, spaceAfter: (found[i + 1]?.start ?? word.end + 1) > word.end }));
}

/** @param last whether the sentence ends with it */
function formsOf(chunk: string, last: boolean): string[] {
  const forms: string[] = [];
  let at = 0;
  while (at < chunk.length) {
    const next = formsAt(chunk, at, last);
    forms.push(...next);
    for (const { length } of next) at += length;
  }
  return forms;
}

/** What is one word, signs and all; the first that fits is taken. */
const wholes: readonly RegExp[] = [
  // Addresses of pages and of people, and hosts.
  /(?:https?|ftp|file):\/\/[^\s<>"“”]*[^\s<>"“”'’.,;:!?)\]}]/iuy,
  /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63})+/uy,
  /(?:[\p{L}\p{N}-]{1,63}\.)+(?:com|org|net|edu|gov|mil|info|html?|docx?|xlsx?|pdf|txt|jpe?g|png|zip|[a-z]{2}(?=\/))(?![\p{L}\p{N}])(?:\/(?:[^\s<>"“”]*[^\s<>"“”'’.,;:!?)\]}])?)?/iuy,
  // Faces: no letter or digit stands beside them.
  /(?<![\p{L}\p{N}])(?:[:;=][-'^o]?[()[\]DPp/\\|*]+|8-\)+|<3|\^_+\^)(?![\p{L}\p{N}])/uy,
  // Rows of signs.
  /[.。]{2,}|[!?]{2,}|-{2,}|[=_~*#+]{2,}|<{2,}|>{2,}|[–—]{2,}|''|``/uy,
  // With, without, because.
  /(?<![\p{L}\p{N}/])(?:w\/o|w\/|b\/c)(?![\p{L}\p{N}/])/iuy,
  // A.B. and a.m., with or without the last full stop.
  /(?<![\p{L}\p{N}])\p{L}\.(?:\p{L}{1,3}\.)+|(?<![\p{L}\p{N}])\p{L}(?:\.\p{L})+(?![\p{L}\p{N}])/uy,
  // Telephones, years and decades, numbers with their signs, ordinals, 26C.
  /(?<!\p{N})\p{N}{3,4}-\p{N}{3,4}(?:-\p{N}{4})?(?![\p{L}\p{N}-])/uy,
  /['’]\p{N}{2}s?(?![\p{L}\p{N}])/uy,
  /\p{N}+(?:[.,:/]\p{N}+)*(?:(?:st|nd|rd|th|s|\p{Lu}|['’]s)(?![\p{L}\p{N}]))?/uy,
];

/** Letters, marks and digits, and signs between letters that do not part them: AT&T, O'Brien, user_name. */
const letters = /[\p{L}\p{M}](?:[\p{L}\p{M}\p{N}_]|['’`´](?=\p{L})|(?<=\p{Lu})&(?=\p{Lu}))*/uy;

/** A prefix that stays with its word where a hyphen joins them; any other hyphen is a word by itself. */
const prefix =
  /(?:e|co|non|pre|post|re|anti|mid|ex|multi|semi|sub|cross|pro|inter|pan|mini|neo|counter|over|pseudo|ultra)-(?=[\p{L}\p{N}])/iuy;
const digits = /\p{N}+s?/uy;

/** The word that begins at a place, or the two that are written as one. */
function formsAt(chunk: string, at: number, last: boolean): readonly string[] {
  for (const whole of wholes) {
    const found = matchAt(whole, chunk, at);
    if (found !== "") return [found];
  }
  const before = at > 0 && /[\p{L}\p{N}-]/u.test(chunk.charAt(at - 1)) ? "" : matchAt(prefix, chunk, at);
  const stem = at + before.length;
  const word = matchAt(letters, chunk, stem) || (before === "" ? "" : matchAt(digits, chunk, stem));
  if (word === "") return [String.fromCodePoint(chunk.codePointAt(at) as number)];
  const [first = "", ...others] = withoutClitics(word + fullStopOf(word, chunk.slice(stem + word.length), last));
  return [before + first, ...others];
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

/**
 * The full stop of an abbreviation. At the end of a sentence it is the sentence's, unless the abbreviation is one that
 * ends sentences.
 */
function fullStopOf(word: string, rest: string, last: boolean): string {
  if (!/^\.(?!\.)/.test(rest)) return "";
  const lower = word.toLowerCase();
  const ends = last && /^\.["'”’)\]]*$/.test(rest);
  if (anywhere.has(lower)) return ends && lower === "etc" ? "" : ".";
  const known = beforeNames.has(lower) || beforeNumbers.has(lower) || /^\p{Lu}$/u.test(word);
  return known && !ends ? "." : "";
}
