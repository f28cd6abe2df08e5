import { z } from "zod";
import { userError } from "../errors.js";
import { listOf } from "../files/lists.js";
import { checkRecord, readJsonRecords } from "./records.js";
import type { LabelOptions, Span } from "./relation-example.js";

/** A mention in a sentence with any number of types. */
export interface TypingExample {
  readonly text: string;
  readonly mention: Span;
  readonly labels: readonly string[];
  /** `file:line` */
  readonly where: string;
}

const index = z.int().min(0);
const labels = listOf(z.string().min(1).max(4096), { most: 10_000 });
/** OpenEntity and FIGER as the released code (and ERNIE) have them; their linked entities are not needed. */
const record = z.object({ sent: z.string(), start: index, end: index, labels });
const unlabelledRecord = record.extend({ labels: labels.nullish() });

/**
 * Reads a JSON array of mentions with types (OpenEntity, FIGER). Their offsets count code points, as Python does; a
 * mention that touches white space is that without it.
 */
export async function* readEntityTyping(
  path: string,
  { unlabelled }: LabelOptions = {},
): AsyncGenerator<TypingExample> {
  for await (const { value, where } of readJsonRecords(path)) {
    const {
      sent,
      start,
      end,
      labels: given,
    } = checkRecord(unlabelled ? unlabelledRecord : record, value, where, "entity typing");
    yield { text: sent, mention: mentionOf(sent, start, end, where), labels: [...new Set(given ?? [])], where };
  }
}

function mentionOf(text: string, start: number, end: number, where: string): Span {
  const [from, to] = [utf16Offset(text, start), utf16Offset(text, end)];
  const inside = from === null || to === null ? "" : text.slice(from, to);
  if (from === null || inside.trim() === "") {
    throw userError({
      where,
      what: `field "start"/"end": no words stand at ${start} to ${end}`,
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
