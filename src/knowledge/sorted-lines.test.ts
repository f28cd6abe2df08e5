import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SortedLines } from "./sorted-lines.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-sorted-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function sorted(lines: readonly string[], most: number): Promise<readonly string[]> {
  const sorter = new SortedLines(folder, "test", most);
  for (const line of lines) {
    sorter.add(line);
    if (sorter.isFull) await sorter.spill();
  }
  const all: string[] = [];
  for await (const batch of sorter.batches()) all.push(...batch);
  return all;
}

describe("SortedLines", () => {
  it("gives each line once, in the order of UTF-16 units, however little is held", async () => {
    const line = fc.string({ unit: fc.constantFrom(..."ab é中\ufffd😀\u{10ffff}"), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), fc.integer({ min: 1, max: 400 }), async (lines, most) => {
        expect(await sorted(lines, most)).toEqual([...new Set(lines)].sort());
      }),
      { numRuns: 25 },
    );
  });

  it("joins its files where there are many, and leaves none behind", async () => {
    const lines = Array.from({ length: 150 }, (_, i) => `line ${(i * 7919) % 75}`);
    expect(await sorted(lines, 40)).toEqual([...new Set(lines)].sort());
    expect(await readdir(folder)).toEqual([]);
  });
});
