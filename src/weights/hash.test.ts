import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hashFile, hashJson, hashLists, hashNumbers } from "./hash.js";

test("a file's hash is that of sha256sum", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kadapter-"));
  const file = join(folder, "abc");
  await writeFile(file, "abc");
  // FIPS 180-2, appendix B.1
  expect(await hashFile(file)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  await rm(folder, { recursive: true });
  await expect(hashFile(file)).rejects.toThrow(/no such file/);
});

test("JSON values hash alike whatever the order of their keys", () => {
  expect(hashJson({ a: 1, b: [{ c: 2, d: null }], e: undefined })).toBe(hashJson({ b: [{ d: null, c: 2 }], a: 1 }));
  expect(hashJson({ a: [1, 2] })).not.toBe(hashJson({ a: [2, 1] }));
  expect(hashJson("1")).not.toBe(hashJson(1));
  expect(() => hashJson([Number.NaN])).toThrow(TypeError);
});

test("lists of numbers hash as their JSON does", () => {
  for (const lists of [[], [[]], [[1, 20], [], [300]]]) expect(hashLists(lists)).toBe(hashJson(lists));
  for (const length of [0, 1, 4096, 4097, 10_000]) {
    const numbers = Array.from({ length }, (_, i) => i * i);
    expect(hashNumbers(numbers)).toBe(hashJson(numbers));
  }
});
