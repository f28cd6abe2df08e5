import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { float32Tensor } from "../tensor.js";
import { readCheckedTensors, writeCheckedTensors } from "./checked-tensors.js";
import { writeSafetensors } from "./safetensors-writer.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-checked-"));
});
afterAll(() => rm(folder, { recursive: true }));

const tensors = new Map([
  ["a", float32Tensor([3], Float32Array.of(1, -2, 3))],
  ["b", float32Tensor([1, 2], Float32Array.of(0, 0.5))],
]);

it("gives back what was written, or refuses it, whichever bit flipped and wherever the file ends", async () => {
  const path = join(folder, "whole");
  await writeCheckedTensors(path, tensors);
  const whole = await readFile(path);
  expect(await readCheckedTensors(path, { fix: "delete it" })).toEqual(tensors);
  const damaged = join(folder, "damaged");
  const read = async (bytes: Uint8Array) => {
    await writeFile(damaged, bytes);
    return readCheckedTensors(damaged, { fix: "delete it", unchecked: true });
  };
  const bits = fc.integer({ min: 0, max: 8 * whole.length - 1 });
  await fc.assert(
    fc.asyncProperty(bits, async (bit) => {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      const found = await read(bytes).catch((error: unknown) => error);
      if (found instanceof UserError) expect(found.message).toMatch(/damaged: .*damaged.*; delete it$/);
      else expect(found).toEqual(tensors);
    }),
    { numRuns: 60 },
  );
  await expect(read(whole.subarray(0, 40))).rejects.toThrow(/is missing or damaged \(.*; delete it$/);
  await expect(readCheckedTensors(join(folder, "none"), { fix: "delete it" })).rejects.toThrow(
    /no such file.*; delete it$/,
  );
});

it("takes a file without a hash only where that is allowed", async () => {
  const path = join(folder, "earlier");
  await writeSafetensors(path, tensors);
  expect(await readCheckedTensors(path, { fix: "delete it", unchecked: true })).toEqual(tensors);
  await expect(readCheckedTensors(path, { fix: "delete it" })).rejects.toThrow(/the file is damaged.*; delete it$/);
});
