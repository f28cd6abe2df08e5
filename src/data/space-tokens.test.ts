import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConllu } from "./conllu.js";
import type { DependencySentence, TreeOptions } from "./dependency-sentence.js";
import { SkipCounter } from "./skips.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-space-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(content: string, options: TreeOptions = {}): Promise<DependencySentence[]> {
  const path = join(folder, "trees.conllu");
  await writeFile(path, content);
  const sentences: DependencySentence[] = [];
  for await (const sentence of readConllu(path, options)) sentences.push(sentence);
  return sentences;
}

const row = (id: number, form: string, upos: string, head: number, misc = "_") =>
  `${id}\t${form}\t${form}\t${upos}\t_\t_\t${head}\tdep\t_\t${misc}`;
const short = (sentences: readonly DependencySentence[]) =>
  sentences.map(({ words }) => words.map(({ form, head }) => `${form}>${head}`).join(" "));

describe("spaCy's tokens of white space", () => {
  it("are no words, though line breaks stand in their lines", async () => {
    const rows = [
      row(1, "Two", "NUM", 2),
      row(2, "lines", "NOUN", 0, "SpaceAfter=No"),
      row(3, "\n\n", "SPACE", 2),
      row(4, "follow", "VERB", 3),
      row(5, " ", "SPACE", 4),
      row(6, ".", "PUNCT", 5),
    ];
    const sentences = await read(`${rows.join("\n")}\n\n${row(1, "Next", "X", 0)}\n\n`);
    expect(short(sentences)).toEqual(["Two>2 lines>0 follow>2 .>3", "Next>0"]);
    expect(sentences[0]?.words[1]?.spaceAfter).toBe(true);
    expect(sentences[1]?.where).toMatch(/:12$/);
  });

  it("hand the root on to the first word that depended on them", async () => {
    const rows = [row(1, "a", "X", 2), row(2, "\n", "SPACE", 0), row(3, "b", "X", 2), row(4, "c", "X", 3)];
    expect(short(await read(`${rows.join("\n")}\n`))).toEqual(["a>0 b>1 c>2"]);
  });

  it("that depend on one another leave a broken tree, which is counted", async () => {
    const rows = [row(1, "a", "X", 0), row(2, " ", "SPACE", 3), row(3, "\n", "SPACE", 2), row(4, "b", "X", 3)];
    const { counts, onSkip } = new SkipCounter();
    expect(await read(`${rows.join("\n")}\n`, { brokenTrees: "skip", onSkip })).toEqual([]);
    expect(counts).toEqual({ "head-out-of-range": 1 });
  });

  it("alone are no sentence", async () => {
    expect(await read(`${row(1, "\n", "SPACE", 0)}\n\n${row(1, "a", "X", 0)}\n`)).toHaveLength(1);
  });

  it("are told from lines that are only broken", async () => {
    await expect(read("1\t\n\nx\n")).rejects.toThrow(/trees.conllu:1: 2 columns/);
  });

  it("are counted as no words where other heads are written beside them", async () => {
    const rows = [row(1, "a", "X", 2), row(2, "\n", "SPACE", 0), row(3, "b", "X", 1)];
    const [sentence] = await read(`${rows.join("\n")}\n`, { unlabelled: true, keepLines: true });
    expect([sentence?.words.length, sentence?.lines]).toEqual([2, undefined]);
  });
});
