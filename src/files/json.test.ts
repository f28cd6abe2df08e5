import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { UserError } from "../errors.js";
import { parseWith, readJson, readJsonIfThere } from "./json.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-json-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(content: string | Buffer): Promise<string> {
  const path = join(folder, "file.json");
  await writeFile(path, content);
  return path;
}

const labels = { what: "the list", expected: "a list", fix: "write one" };

describe("readJson", () => {
  it("reads a value, with a byte order mark too", async () => {
    expect(await readJson(await file('{"a":["é"]}'), labels)).toEqual({ a: ["é"] });
    expect(await readJson(await file("\ufeff[1]"), labels)).toEqual([1]);
  });

  it.each([
    ["no JSON", "{nope", /file\.json: not JSON \(.+\); expected a list; write one$/],
    ["an empty file", "", /not JSON/],
    [
      "deep nesting",
      `{"a":"]]\\"]",${'"b":['.repeat(1e6)}`,
      /brackets are nested more than 200 deep; expected a list; write one$/,
    ],
    ["Latin-1", Buffer.from('["é"]', "latin1"), /file\.json: byte 3 of it is not UTF-8/],
  ])("refuses %s", async (_, content, message) => {
    const reading = readJson(await file(content), { ...labels, mostBytes: 64 << 20 });
    await expect(reading).rejects.toThrow(UserError);
    await expect(reading).rejects.toThrow(message);
  });

  it("reads up to the largest size and no further", async () => {
    const path = await file('["aaaaaa"]');
    expect(await readJson(path, { ...labels, mostBytes: 10 })).toEqual(["aaaaaa"]);
    await expect(readJson(path, { ...labels, mostBytes: 9 })).rejects.toThrow(/the list is too large/);
    await expect(readJson("/dev/zero", { ...labels, mostBytes: 2048 })).rejects.toThrow(/expected at most 2 KiB/);
  });

  it("names a file that is not there, unless it may be missing", async () => {
    const missing = join(folder, "none.json");
    await expect(readJson(missing, labels)).rejects.toThrow(/none\.json: cannot read the list: no such file/);
    expect(await readJsonIfThere(missing, labels)).toBeUndefined();
    await expect(readJsonIfThere(folder, labels)).rejects.toThrow(/it is a folder/);
  });
});

describe("parseWith", () => {
  const schema = z.object({ sizes: z.array(z.number()), name: z.string().default("x") });

  it("gives the value with its defaults", () => {
    expect(parseWith(schema, { sizes: [1] }, "f")).toEqual({ sizes: [1], name: "x" });
  });

  it("names the first field that is wrong", () => {
    const message = (value: unknown, at?: string) => {
      try {
        return String(parseWith(schema, value, "f.json", { fix: "mend it" }, at));
      } catch (error) {
        return error instanceof UserError ? error.message : "no user error";
      }
    };
    expect(message({ sizes: [1, "2"] })).toBe('f.json: sizes.1: it is "2", not a number; mend it');
    expect(message({ sizes: [1, "2"] }, "model")).toMatch(/^f\.json: model\.sizes\.1: /);
    expect(message(3)).toMatch(/^f\.json: \(whole file\): /);
    expect(message(3, "model")).toMatch(/^f\.json: model: /);
  });
});
