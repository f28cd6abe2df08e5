import { z } from "zod";
import { listOf } from "../files/lists.js";
import { spanOfCodePoints } from "./code-points.js";
import { checkRecord, readRecords } from "./records.js";
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
  for await (const { value, where } of readRecords(path)) {
    const {
      sent,
      start,
      end,
      labels: given,
    } = checkRecord(unlabelled ? unlabelledRecord : record, value, where, "entity typing");
    yield {
      text: sent,
      mention: spanOfCodePoints(sent, start, end, where, "start/end"),
      labels: [...new Set(given ?? [])],
      where,
    };
  }
}
