import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type DownstreamManifest, writeDownstreamFolder } from "../adapters/downstream-folder.js";
import { type LmHeadManifest, writeLmHead } from "./lm-head-folder.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-head-"));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([
  ["lm_head_config.json", "head.safetensors", () => writeLmHead(folder, {} as LmHeadManifest, [])],
  [
    "downstream_config.json",
    "model.safetensors",
    () => writeDownstreamFolder(folder, {} as DownstreamManifest, new Map()),
  ],
])("takes an older %s away before %s is replaced", async (config, tensors, write) => {
  await writeFile(join(folder, config), "{}");
  // The new tensors cannot be written.
  await mkdir(join(folder, tensors, "in the way"), { recursive: true });
  await expect(write()).rejects.toThrow(`${tensors}: cannot write the file`);
  expect(await readdir(folder)).toEqual([tensors]);
});
