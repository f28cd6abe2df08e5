/**
 * Pieces of sentences for people: numbers with their nouns, articles, and values as they were given.
 * @module
 */

/** A number of things: `1 example`, `0 examples`, `2 entries` (of the plural `entries`). */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** `a FewRel record`, `an entity typing record`; by the first letter, which most words are spoken as. */
export const withArticle = (words: string): string => `${/^[aeiou]/i.test(words) ? "an" : "a"} ${words}`;

/** What was counted, the most first: `3: too long, 1: without words`. */
export const tally = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count}: ${reason}`)
    .join(", ");

/**
 * Characters that move a terminal's cursor, colour it, or turn the order of what stands beside them (Trojan Source,
 * https://arxiv.org/abs/2111.00169): control characters but for tab and line feed, and bidirectional controls.
 */
const unprintable = /(?![\t\n])\p{Cc}|[\u2028-\u202e\u2066-\u2069]/gu;

const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** A text as it may be written to a terminal: what a file holds decides no colour, cursor or order. */
export const printable = (text: string): string => text.replace(unprintable, escaped);

const mostShown = 60;

/** A value as an error line shows it: short, with quotes where they tell a text from a number, lists without brackets. */
export function shown(value: unknown): string {
  if (Array.isArray(value) && value.length === 0) return "an empty list";
  const text = Array.isArray(value) ? value.map(shown).join(", ") : (JSON.stringify(value) ?? String(value));
  return text.length > mostShown ? `${text.slice(0, mostShown - 3)}…` : text;
}
