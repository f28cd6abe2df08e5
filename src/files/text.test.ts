import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readText, readTextIfThere } from "./text.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-text-"));
});
afterAll(() => rm(folder, { recursive: true }));

const what = "the notes";
const write = async (content: string | Buffer) => {
  const path = join(folder, "file");
  await writeFile(path, content);
  return path;
};

it("readText takes a byte order mark away", async () => {
  expect(await readText(await write("\ufeffa"), { what })).toBe("a");
  expect(await readTextIfThere(await write("\ufeffa"), { what })).toBe("a");
});

it("readText says in one line what is missing, no UTF-8 or too large", async () => {
  const path = await write(Buffer.from("caf\u00e9 au lait", "latin1"));
  for (const read of [readText, readTextIfThere]) {
    await expect(read(path, { what })).rejects.toThrow(/file: byte 4 of it is not UTF-8/);
    await expect(read(path, { what, mostBytes: 3 })).rejects.toThrow(/file: the notes is too large; expected at most/);
    await expect(read(folder, { what })).rejects.toThrow(/cannot read the notes: it is a folder/);
  }
  const missing = join(folder, "nowhere");
  await expect(readText(missing, { what })).rejects.toThrow(/nowhere: cannot read the notes: no such file/);
  expect(await readTextIfThere(missing, { what })).toBeNull();
});
