import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SubjectIndex } from "./lama-filters.js";
import { filterSubjects } from "./subject-filter.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-filter-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const subjects = new SubjectIndex([{ subject: "Ada Lovelace", subjectId: "Q7259" }]);
const about = { token: ["Ada", "Lovelace", "wrote", "."], subj_label: "Q1" };
const id = { token: ["She", "wrote", "."], subj_label: "Q7259" };
const other = { token: ["Ada", "wrote", "."], subj_label: "Q2" };

async function filtered(name: string, content: string | Uint8Array, outName = "out") {
  const [path, out] = [join(folder, name), join(folder, outName)];
  await writeFile(path, content);
  const counts = await filterSubjects(path, out, subjects);
  return { counts, bytes: await readFile(out) };
}

describe("filterSubjects", () => {
  it("drops records by name and by id, in every form of JSON", async () => {
    const array = await filtered("array.json", JSON.stringify([about, other, id]));
    expect(JSON.parse(String(array.bytes))).toEqual([other]);
    expect(array.counts).toEqual({ kept: 1, dropped: 2 });
    const object = await filtered("object.json", JSON.stringify({ a: [other, id], b: [about], c: [other, other] }));
    expect(JSON.parse(String(object.bytes))).toEqual({ a: [other], c: [other, other] });
    const lines = await filtered("lines.jsonl", `${JSON.stringify(about)}\n${JSON.stringify(other)}\n`);
    expect(String(lines.bytes)).toBe(`${JSON.stringify(other)}\n`);
    const none = await filtered("none.json", JSON.stringify([about]));
    expect(JSON.parse(String(none.bytes))).toEqual([]);
  });

  it("drops lines of text, and reads and writes gzip", async () => {
    const text = await filtered("text.gz", gzipSync("One.\nOf ada lovelace, more.\nTwo.\n"), "out.txt.gz");
    expect(String(gunzipSync(text.bytes))).toBe("One.\nTwo.\n");
    expect(text.counts).toEqual({ kept: 2, dropped: 1 });
  });

  it("refuses an empty file", async () => {
    await expect(filtered("empty.txt", "")).rejects.toThrow(/the file is empty/);
  });
});
