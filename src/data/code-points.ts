import { userError } from "../errors.js";
import type { Span } from "./relation-example.js";

/**
 * Where words stand that a file names by code points, as Python counts; without white space around them.
 *
 * @param field names them in the error line
 * @throws UserError where no words stand there
 */
export function spanOfCodePoints(text: string, start: number, end: number, where: string, field: string): Span {
  const [from, to] = [utf16Offset(text, start), utf16Offset(text, end)];
  const inside = from === null || to === null ? "" : text.slice(from, to);
  if (from === null || inside.trim() === "") {
    throw userError({
      where,
      what: `field ${JSON.stringify(field)}: no words stand at ${start} to ${end}`,
      expected: "a range of characters inside the sentence",
      fix: "repair the record",
    });
  }
  const first = from + (inside.length - inside.trimStart().length);
  return { start: first, end: first + inside.trim().length };
}

/** Where a number of code points ends; null beyond the text. */
function utf16Offset(text: string, codePoints: number): number | null {
  // Without surrogates both counts agree.
  if (!/[\ud800-\udbff]/.test(text)) return codePoints <= text.length ? codePoints : null;
  let at = 0;
  for (let count = 0; count < codePoints; count++) {
    const code = text.codePointAt(at);
    if (code === undefined) return null;
    at += code > 0xffff ? 2 : 1;
  }
  return at;
}

/** How many code points, as Python counts them, stand before each of some offsets in UTF-16 units. */
export function codePointOffsets(text: string, offsets: readonly number[]): readonly number[] {
  if (!/[\ud800-\udbff]/.test(text)) return offsets;
  const before = new Uint32Array(text.length + 1);
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    before[at] = count;
    const isSecondHalf = at > 0 && (text.codePointAt(at - 1) ?? 0) > 0xffff;
    // The second half of a pair is no code point of its own; what ends there ends behind the pair.
    if (!isSecondHalf) count++;
  }
  before[text.length] = count;
  return offsets.map((offset) => before[offset] ?? count);
}
