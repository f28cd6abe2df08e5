import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SkipCounter } from "../../data/skips.js";
import { type Chunking, chunksOf, type ExamplesOf } from "./chunks.js";

/** Examples with their numbers; the others are left out by the format. */
const numbered = (count: number): ExamplesOf<number> =>
  async function* (onSkip) {
    for (let i = 0; i < count; i++) {
      if (i % 7 === 3) onSkip("every seventh", `line ${i}`);
      else yield i;
    }
    onSkip("at the end", "the last line");
  };

async function all(examples: ExamplesOf<number>, how: Chunking) {
  const { counts, onSkip } = new SkipCounter();
  const chunks: (readonly number[])[] = [];
  for await (const chunk of chunksOf(examples, how, onSkip)) if (chunk.length > 0) chunks.push(chunk);
  return { chunks, counts };
}

describe("chunksOf", () => {
  it("gives parts the whole's chunks, each once and in order, and counts each example that is left out once", async () => {
    const cases = fc.record({ count: fc.integer({ min: 1, max: 700 }), parts: fc.integer({ min: 1, max: 9 }) });
    await fc.assert(
      fc.asyncProperty(cases, async ({ count, parts }) => {
        const whole = await all(numbered(count), { batchSize: 1 });
        const each = Array.from({ length: parts }, (_, index) =>
          all(numbered(count), { batchSize: 1, part: { index, count: parts } }),
        );
        const told = await Promise.all(each);
        expect(told.flatMap(({ chunks }) => chunks)).toEqual(whole.chunks);
        const skipped = (reason: string) => told.reduce((sum, { counts }) => sum + (counts[reason] ?? 0), 0);
        for (const [reason, number] of Object.entries(whole.counts)) expect(skipped(reason)).toBe(number);
      }),
      { numRuns: 60 },
    );
  });

  it("refuses files without examples, and takes an empty part of others", async () => {
    const how = { batchSize: 1, data: ["a.jsonl"], part: { index: 1, count: 3 } };
    await expect(all(numbered(0), how)).rejects.toThrow("a.jsonl: the file holds no examples");
    expect((await all(numbered(5), { ...how, part: { index: 0, count: 3 } })).chunks).toEqual([]);
    expect((await all(numbered(5), { ...how, part: { index: 2, count: 3 } })).chunks).toEqual([[0, 1, 2, 4]]);
  });
});
