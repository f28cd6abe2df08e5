import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commonWordings } from "./common-wordings.js";
import { readWordings, wordingLines, wordingsFor, wordingsOf } from "./wordings.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-wordings-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

let files = 0;
async function file(content: string | Uint8Array): Promise<string> {
  const path = join(folder, `wordings-${files++}`);
  await writeFile(path, content);
  return path;
}
const read = async (content: string) => Object.fromEntries(await readWordings(await file(content)));
const [is, of] = ["[X] is the capital of [Y].", "[Y]'s capital is [X]."];

describe("readWordings", () => {
  it("reads JSON Lines, LAMA's templates and YAML alike, none twice", async () => {
    const json = (key: string) =>
      [is, of, is].map((one) => JSON.stringify({ relation: "capital of", [key]: one })).join("\n");
    const expected = { "capital of": [is, of] };
    expect(await read(json("pattern"))).toEqual(expected);
    expect(await read(json("template"))).toEqual(expected);
    expect(await read(`capital of:\n  - "${is}"\n  - "${of}"\n`)).toEqual(expected);
    expect(await read(`capital of: "${is}"\n`)).toEqual({ "capital of": [is] });
  });

  it("reads ParaRel's folder: a relation is a file", async () => {
    const patterns = join(folder, "patterns");
    await mkdir(patterns);
    await writeFile(join(patterns, "P36.jsonl"), `${JSON.stringify({ pattern: is, lemma: "capital" })}\n`);
    await writeFile(join(patterns, "P1376.jsonl"), `${JSON.stringify({ pattern: of })}\n`);
    expect(Object.fromEntries(await readWordings(patterns))).toEqual({ P36: [is], P1376: [of] });
  });

  it.each([
    ['{"relation":"r","pattern":"[X] is"}', /:1: "\[X\] is" is no template; expected one \[X\] and one \[Y\]/],
    ['{"relation":"r","pattern":"[X] [Y] [Y]"}', /:1: .* is no template/],
    ['{"relation":"r"}', /:1: field "pattern"/],
    ["r:\n  - 3\n", /:1: "r" has no list of patterns/],
    ["a: b\nr: \n", /:1: "b" is no template/],
    ["", /there are no wordings/],
  ])("says in one line what is wrong with %j", async (content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });
});

it("wordingLines are read back as they were", async () => {
  const wordings = new Map([
    ["capital of", [is, '"[X]" – [Y]\u2028\\']],
    ["__proto__", ["[Y] [X]"]],
  ]);
  expect(await readWordings(await file(wordingLines(wordings).join("\n")))).toEqual(wordings);
});

describe("wordingsFor", () => {
  it("says of which kind of phrase a relation's name is", () => {
    expect(wordingsFor("capital of")).toContain("[X] is the capital of [Y].");
    expect(wordingsFor("capital")).toContain("The capital of [X] is [Y].");
    expect(wordingsFor("placeOfBirth")).toContain("The place of birth of [X] is [Y].");
    expect(wordingsFor("place_of_birth")).toEqual(wordingsFor("placeOfBirth"));
    expect(wordingsFor("born in")).toContain("[X] was born in [Y].");
    expect(wordingsFor("is married to")).toContain("[X] is married to [Y].");
  });

  it("makes at least three different wordings of any name, each with one [X] and one [Y]", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom("[X]", "[Y] of", "hums in", "is", "of", "")), (relation) => {
        const made = wordingsFor(relation);
        expect(new Set(made).size).toBe(made.length);
        expect(made.length).toBeGreaterThanOrEqual(3);
        for (const one of made) {
          expect(one.split("[X]")).toHaveLength(2);
          expect(one.split("[Y]")).toHaveLength(2);
        }
      }),
    );
  });
});

it("wordingsOf makes wordings only where none are given, and says for which", () => {
  const { wordings, made } = wordingsOf(
    ["capital of", "hums in", "P36", "capital of"],
    new Map([["capital of", [is]]]),
  );
  expect(wordings).toEqual(
    new Map([
      ["capital of", [is]],
      ["hums in", wordingsFor("hums in")],
      ["P36", commonWordings("Capital City")],
    ]),
  );
  expect(made).toEqual(["hums in"]);
});

describe("wordings of common relations", () => {
  it("are six of each, a subject and an object in each, under any spelling of a name", () => {
    for (const name of ["P19", "place of birth", "placeOfBirth", "Place_of_Birth", "birthplace", "P569", "job title"]) {
      const patterns = commonWordings(name) ?? [];
      expect(new Set(patterns).size).toBe(6);
      for (const one of patterns) {
        expect([one, one.split("[X]").length, one.split("[Y]").length]).toEqual([one, 2, 2]);
      }
    }
    expect(commonWordings("hums in")).toBeUndefined();
    expect(commonWordings("constructor")).toBeUndefined();
  });
});
