import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatConllu } from "./conllu.js";
import { type DependencySentence, treeFault } from "./dependency-sentence.js";
import { detectTreeFormat, type ReadTreesOptions, readTrees } from "./tree-data.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-trees-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

let count = 0;
async function read(content: string | Buffer, options: ReadTreesOptions = {}): Promise<DependencySentence[]> {
  const path = join(folder, `${count++}`);
  await writeFile(path, content);
  const sentences: DependencySentence[] = [];
  for await (const sentence of readTrees(path, options)) sentences.push(sentence);
  return sentences;
}

const row = (id: number | string, form: string, head: number | string = "_", relation = "_", misc = "_") =>
  [id, form, "_", "X", "_", "_", head, relation, "_", misc].join("\t");

/** "I don't go." with a multiword token, an empty node and comments. */
const sample = [
  "# newdoc",
  "# sent_id = s-1",
  row(1, "I", 4, "nsubj"),
  row("2-3", "don't"),
  row(2, "do", 4, "aux"),
  row(3, "n't", 4, "advmod"),
  row(4, "go", 0, "root", "Gloss=x|SpaceAfter=No"),
  row("4.1", "home"),
  row(5, ".", 4, "punct"),
  "",
  "",
].join("\n");

describe("CoNLL-U", () => {
  it("gives words, heads, relations and spacing; multiword tokens and empty nodes are no words", async () => {
    const [sentence, ...rest] = await read(sample, { keepLines: true });
    expect(rest).toEqual([]);
    const { words, id, where, lines } = sentence as DependencySentence;
    expect(words.map(({ form }) => form)).toEqual(["I", "do", "n't", "go", "."]);
    expect(words.map(({ head }) => head)).toEqual([4, 4, 4, 0, 4]);
    expect(words.map(({ relation }) => relation)).toEqual(["nsubj", "aux", "advmod", "root", "punct"]);
    expect(words[0]?.upos).toBe("X");
    expect([id, where.endsWith(":1")]).toEqual(["s-1", true]);
    expect(lines?.join("\n")).toBe(sample.trim());
    expect(words.map(({ spaceAfter }) => spaceAfter).slice(0, -1)).toEqual([true, false, true, false]);
  });

  it("reads gzip, CRLF, a byte order mark, several empty lines and no last line end alike", async () => {
    const expected = (await read(sample)).map(({ words }) => words);
    for (const content of [
      gzipSync(sample),
      sample.replaceAll("\n", "\r\n"),
      `\ufeff${sample}`,
      sample.trimEnd(),
      `# a comment alone\n\n\n${sample}`,
    ]) {
      expect((await read(content)).map(({ words }) => words)).toEqual(expected);
    }
  });

  it("needs no heads for prediction", async () => {
    const [sentence] = await read(`${row(1, "Go")}\n`, { unlabelled: true });
    expect(sentence?.words).toEqual([{ form: "Go", upos: "X", head: -1, relation: "", spaceAfter: true }]);
  });

  it.each([
    ["too few columns", "1\tGo\t_", /:1: 3 columns instead of 10/],
    ["an empty form", row(1, "", 0), /:1: the column FORM is empty/],
    ["ids with a gap", `${row(1, "a", 0)}\n${row(3, "b", 1)}`, /:2: the column ID is "3" instead of 2/],
    ["an id that is none", row("x", "a", 0), /holds no dependency trees/],
    ["a head that is no number", row(1, "a", "b"), /:1: the column HEAD is "b" instead of a number/],
    ["no head", row(1, "a"), /:1: the column HEAD is "_"/],
    ["a multiword token out of place", `${row("2-3", "ab")}\n${row(1, "a", 0)}`, /:1: the multiword token 2-3/],
    ["a multiword token with no end", `${row("1-2", "ab")}\n${row(1, "a", 0)}`, /:1: .* ends after the last word, 1/],
    ["an empty node out of place", `${row(1, "a", 0)}\n${row("2.1", "b")}`, /:2: the empty node 2\.1/],
    ["a head out of range", `${row(1, "a", 0)}\n${row(2, "b", 3)}`, /:2: word 2 \("b"\) has the head 3, .* 2 words/],
    ["no root", `${row(1, "a", 2)}\n${row(2, "b", 1)}`, /:1: no word has the head 0/],
    ["two roots", `${row(1, "a", 0)}\n${row(2, "b", 0)}`, /:2: word 2 \("b"\) is a second root/],
    ["a cycle", `${row(1, "a", 0)}\n${row(2, "b", 3)}\n${row(3, "c", 2)}`, /:2: word 2 \("b"\) depends on itself/],
    ["a word that is its own head", `${row(1, "a", 0)}\n${row(2, "b", 2)}`, /:2: word 2 \("b"\) depends on itself/],
    ["an empty file", "", /the file is empty/],
  ])("refuses %s", async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  it("leaves broken trees out and tells of them, where that is asked for", async () => {
    const told: string[] = [];
    const onSkip = (reason: string, where: string) => told.push(`${reason} ${where.split(":").at(-1)}`);
    const content = `${row(1, "a", 5)}\n\n${sample}${row(1, "a", 1)}\n\n${row(1, "a", 0)}\n${row(2, "b", 0)}\n`;
    const sentences = await read(content, { brokenTrees: "skip", onSkip });
    expect(sentences.map(({ id }) => id)).toEqual(["s-1"]);
    expect(told).toEqual(["head-out-of-range 1", "no-root 13", "several-roots 16"]);
  });

  it("keeps what is no tree, where the released code is compared, but no head that is not there", async () => {
    const told: string[] = [];
    const content = `${row(1, "a", 5)}\n\n${row(1, "a", 1)}\n\n${row(1, "a", 0)}\n${row(2, "b", 0)}\n`;
    const sentences = await read(content, { brokenTrees: "keep", onSkip: (reason) => told.push(reason) });
    expect(sentences.map(({ words }) => words.map(({ head }) => head))).toEqual([[1], [0, 0]]);
    expect(told).toEqual(["head-out-of-range"]);
  });

  it("reads what it writes, with the heads that it was given", async () => {
    const [kept, fresh] = [(await read(sample, { keepLines: true }))[0], (await read(sample))[0]];
    const attachments = [2, 0, 2, 2, 4].map((head) => ({ head, relation: "dep" }));
    for (const sentence of [kept, fresh] as DependencySentence[]) {
      const lines = formatConllu(sentence, attachments);
      const [again] = await read(`${lines.join("\n")}\n\n`);
      expect(again?.words.map(({ head }) => head)).toEqual([2, 0, 2, 2, 4]);
      expect(again?.words.map(({ relation }) => relation)).toEqual(Array(5).fill("dep"));
      expect(again?.words.map(({ form }) => form).join(" ")).toBe("I do n't go .");
    }
    expect(formatConllu(kept as DependencySentence, attachments).filter((line) => line.startsWith("#"))).toHaveLength(
      2,
    );
  });
});

describe("find_head", () => {
  const record = {
    sent: "😀 don't go",
    tokens: [
      { 1: { start: 0, end: 1 } },
      { 2: { start: 2, end: 4 } },
      { 3: { start: 4, end: 7 } },
      { 4: { start: 8, end: 10 } },
    ],
    pairs: [
      { dependent_index: 1, governor_index: 4 },
      { dependent_index: 2, governor_index: 4 },
      { dependent_index: 3, governor_index: 4 },
      { dependent_index: 4, governor_index: 0 },
    ],
  };

  it("gives words by characters, their spacing and heads", async () => {
    const [sentence] = await read(JSON.stringify([record]));
    expect(sentence?.words.map(({ form, head, spaceAfter }) => [form, head, spaceAfter])).toEqual([
      ["😀", 4, true],
      ["do", 4, false],
      ["n't", 4, true],
      ["go", 0, true],
    ]);
  });

  it.each([
    ["a word without a pair", { ...record, pairs: record.pairs.slice(1) }, /word 1 .* has the head -1/],
    ["a pair beyond the words", { ...record, pairs: [{ dependent_index: 9, governor_index: 0 }] }, /names the word 9/],
    ["words out of order", { ...record, tokens: record.tokens.toReversed() }, /field "tokens\.0": no key 1/],
    ["no pairs", { ...record, pairs: undefined }, /field "pairs"/],
  ])("refuses %s", async (_, broken, message) => {
    await expect(read(JSON.stringify([broken]))).rejects.toThrow(message);
  });

  it("is told from CoNLL-U by content", async () => {
    const path = join(folder, "auto");
    await writeFile(path, sample);
    expect(await detectTreeFormat(path)).toBe("conllu");
    await writeFile(path, " [{}]");
    expect(await detectTreeFormat(path)).toBe("find-head");
  });
});

describe("treeFault", () => {
  /** By the definition: every word reaches the root, exactly one directly. */
  const isTree = (heads: readonly number[]) =>
    heads.every((head) => head <= heads.length) &&
    heads.filter((head) => head === 0).length === 1 &&
    heads.every((_, i) => {
      let at = i + 1;
      for (let steps = 0; steps <= heads.length && at !== 0; steps++) at = heads[at - 1] as number;
      return at === 0;
    });

  it("agrees with the definition on all lists of heads", () => {
    const heads = fc.integer({ min: 1, max: 6 }).chain((n) => fc.array(fc.nat(n), { minLength: n, maxLength: n }));
    fc.assert(
      fc.property(heads, (list) => (treeFault(list) === null) === isTree(list)),
      { numRuns: 2000 },
    );
  });
});

describe("any trees", () => {
  const form = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom("a", "é", "😀", "'", "9", "-", "#") });
  const sentence = fc.integer({ min: 1, max: 8 }).chain((n) =>
    fc.record({
      forms: fc.array(form, { minLength: n, maxLength: n }),
      spaces: fc.array(fc.boolean(), { minLength: n, maxLength: n }),
      // Each word's head stands before it, so it is a tree.
      heads: fc.tuple(
        ...Array.from({ length: n }, (_, i) => (i === 0 ? fc.constant(0) : fc.integer({ min: 1, max: i }))),
      ),
    }),
  );

  it("come back as they were written", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sentence, { minLength: 1, maxLength: 4 }), async (sentences) => {
        const blocks = sentences.map(({ forms, spaces, heads }) =>
          forms
            .map((text, i) => row(i + 1, text, heads[i] as number, "dep", spaces[i] ? "_" : "SpaceAfter=No"))
            .join("\n"),
        );
        const read1 = await read(blocks.join("\n\n"), { format: "conllu" });
        expect(
          read1.map(({ words }) => words.map(({ form: text, head, spaceAfter }) => [text, head, spaceAfter])),
        ).toEqual(sentences.map(({ forms, spaces, heads }) => forms.map((text, i) => [text, heads[i], spaces[i]])));
      }),
      { numRuns: 50 },
    );
  });
});
