import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EncodedLine, packLines, readTextLines, type TokenBlock } from "./text.js";

describe("readTextLines", () => {
  it("reads files one after the other, gzipped or not, without empty lines", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kadapter-text-"));
    const [plain, packed] = [join(folder, "a.txt"), join(folder, "b.txt.gz")];
    await writeFile(plain, " one \n\n two\r\n");
    await writeFile(packed, gzipSync("three"));
    const lines: { text: string; where: string }[] = [];
    for await (const line of readTextLines([plain, packed])) lines.push(line);
    expect(lines).toEqual([
      { text: "one", where: `${plain}:1` },
      { text: "two", where: `${plain}:3` },
      { text: "three", where: `${packed}:1` },
    ]);
    await rm(folder, { recursive: true });
  });
});

async function pack(lines: readonly EncodedLine[], length: number, separator?: number): Promise<TokenBlock[]> {
  const blocks: TokenBlock[] = [];
  for await (const block of packLines(lines, length, separator)) blocks.push(block);
  return blocks;
}

/** Lines of words of one to four tokens. */
const lines = fc.array(
  fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 9 }).map((sizes): EncodedLine => {
    const words = sizes.flatMap((size, i) => {
      const first = sizes.slice(0, i).reduce((sum, one) => sum + one, 0);
      return new Array<number>(size).fill(first);
    });
    return { ids: words.map((_, i) => 10 + i), words };
  }),
  { maxLength: 8 },
);

describe("packLines", () => {
  it("keeps every token in order, no block longer than asked", async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 4, max: 20 }), async (given, length) => {
        const blocks = await pack(given, length, 7);
        const expected = given.flatMap(({ ids }, i) => (i === 0 ? ids : [7, ...ids]));
        expect(blocks.flatMap(({ ids }) => [...ids])).toEqual(expected);
        for (const { ids } of blocks) expect(ids.length).toBeLessThanOrEqual(length);
      }),
    );
  });

  it("cuts between words, and says where each word begins", async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.integer({ min: 4, max: 20 }), async (given, length) => {
        const starts = (await pack(given, length)).flatMap(({ words }) => [...words].map((first, i) => first === i));
        // Words have at most four tokens, so each fits into a block and none is cut.
        expect(starts).toEqual(given.flatMap(({ words }) => words.map((first, i) => first === i)));
      }),
    );
  });

  it("cuts a word that fills more than a block", async () => {
    const blocks = await pack([{ ids: [1, 2, 3, 4, 5], words: [0, 0, 0, 0, 0] }], 2);
    expect(blocks.map(({ ids }) => [...ids])).toEqual([[1, 2], [3, 4], [5]]);
    expect(blocks.map(({ words }) => [...words])).toEqual([[0, 0], [0, 0], [0]]);
  });
});
