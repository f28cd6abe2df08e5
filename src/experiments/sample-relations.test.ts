import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRelations, subjectKey } from "../data/relation-data.js";
import { writeWiki80 } from "../data/wiki80-writer.js";
import { demoExamples } from "../demo/examples.js";
import { sampleRelations } from "./sample-relations.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-sample-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const examples = demoExamples("train", { perRelation: { train: 4 } });
const written = async (name: string, own = examples) => {
  const path = join(folder, name);
  await writeWiki80(path, own);
  return path;
};
const lines = async (path: string) => (await readFile(path, "utf8")).trim().split("\n");

async function read(path: string) {
  const all = [];
  for await (const example of readRelations(path)) all.push(example);
  return all;
}

describe("sampleRelations", () => {
  it("draws as many as are asked for, in the data's order, and others with another seed", async () => {
    const data = await written("all.jsonl");
    const drawn = async (name: string, seed: number) => {
      const path = join(folder, name);
      expect(await sampleRelations([data], path, { limit: 20, seed })).toMatchObject({
        chosen: 20,
        of: examples.length,
      });
      return lines(path);
    };
    const first = await drawn("first.jsonl", 1);
    const all = await lines(data);
    const places = first.map((line) => all.indexOf(line));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(new Set(places).size).toBe(20);
    expect(await drawn("again.jsonl", 1)).toEqual(first);
    expect(await drawn("other.jsonl", 2)).not.toEqual(first);
  });

  it("divides by subject: parts share none, and together are all", async () => {
    const data = await written("whole.jsonl");
    const parts = [];
    for (const part of ["train", "dev"] as const) {
      const path = join(folder, `${part}.jsonl`);
      await sampleRelations([data], path, { part, shares: { train: 60, dev: 40, test: 0 } });
      parts.push(await read(path));
    }
    const [train = [], dev = []] = parts;
    expect(train.length + dev.length).toBe(examples.length);
    const subjects = new Set(train.map(subjectKey));
    expect(dev.filter((example) => subjects.has(subjectKey(example)))).toEqual([]);
  });

  it("leaves out relations and sentences of other files, by the names that ids give, and counts them", async () => {
    const [first, ...rest] = [...new Set(examples.map(({ relation }) => relation))];
    const ids = join(folder, "ids.json");
    await writeFile(ids, JSON.stringify({ P1: [first?.toUpperCase(), "more about it"] }));
    const ofFirst = examples.filter(({ relation }) => relation === first);
    const others = examples.filter(({ relation }) => relation !== first);
    // The first relation under its id, and a sentence of another with a relation that nothing else has.
    const strange = { ...others[0], relation: "strange" } as (typeof examples)[number];
    const without = await written("without.jsonl", [{ ...(ofFirst[0] as typeof strange), relation: "P1" }, strange]);
    const data = await written("mixed.jsonl");
    const out = join(folder, "left.jsonl");
    expect(await sampleRelations([data], out, { ids, without: [without] })).toEqual({
      chosen: others.length - 1,
      of: others.length - 1,
      left: { relations: ofFirst.length, sentences: 1 },
    });
    expect(new Set((await read(out)).map(({ relation }) => relation))).toEqual(new Set(rest));
  });

  it("refuses what leaves nothing, and a file of ids that is none", async () => {
    const data = await written("same.jsonl");
    const out = join(folder, "none.jsonl");
    await expect(sampleRelations([data], out, { without: [data] })).rejects.toThrow(/same\.jsonl: no example is left/);
    await expect(sampleRelations([data], out, { ids: data })).rejects.toThrow(/not a file of relations' ids; expected/);
    await expect(readFile(out)).rejects.toThrow();
  });
});
