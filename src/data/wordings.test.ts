import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWordings, wordingLines } from "./wordings.js";

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
