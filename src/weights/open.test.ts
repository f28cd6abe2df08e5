import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { float32Tensor } from "../tensor.js";
import { hashWeights } from "./hash.js";
import { openWeights } from "./open.js";
import { writeSafetensors } from "./safetensors-writer.js";

let root: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-"));
});
afterAll(() => rm(root, { recursive: true }));

const one = (value: number) => float32Tensor([1], new Float32Array([value]));
async function newFolder(): Promise<string> {
  const path = join(root, String(count++));
  await mkdir(path);
  return path;
}
async function message(path: string): Promise<string> {
  const error: unknown = await openWeights(path).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "UserError" });
  return (error as Error).message;
}

describe("files by content", () => {
  test("a safetensors file under any name, even with a header whose length looks like a pickle", async () => {
    const file = join(await newFolder(), "weights.bin");
    // Padded to 0x80 bytes, so the file's first byte is a pickle's first.
    const name = "x".repeat(0x80 - '{"":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.length);
    await writeSafetensors(file, [[name, one(1)]]);
    const source = await openWeights(file);
    expect([...source.keys()]).toEqual([name]);
    await source.close();
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0", /Git LFS pointer.*git lfs pull/],
    ["HDF5", Buffer.from("\u0089HDF\r\n", "latin1"), /HDF5/],
    ["GGUF", "GGUF....", /GGUF/],
    ["a web page", "<!DOCTYPE html>", /HTML/],
    ["nothing", "", /the file is empty/],
    ["noise", "hello", /no weights in a known format; expected safetensors/],
    ["an index without a map", "{ }", /no weight_map/],
    ["an index that is no JSON", "{ nope", /the index is no valid JSON/],
  ])("%s is refused by what it is", async (_, content, expected) => {
    const file = join(await newFolder(), "model.safetensors");
    await writeFile(file, content);
    expect(await message(file)).toMatch(expected);
  });

  test("missing files and folders without weights", async () => {
    expect(await message(join(root, "none"))).toMatch(/no such file or folder/);
    expect(await message(await newFolder())).toMatch(/no weights in this folder; expected one of model.safetensors/);
  });
});

describe("a folder of a model that was saved inside of something", () => {
  async function folderOf(names: readonly string[], file = "model.safetensors"): Promise<string> {
    const folder = await newFolder();
    const tensors = names.map((name, i) => [name, one(i)] as const);
    await writeSafetensors(join(folder, file), tensors);
    return folder;
  }
  async function keysAndHash(folder: string) {
    const source = await openWeights(folder);
    try {
      const keys = [...source.keys()];
      const values = await Promise.all(keys.map(async (key) => (await source.read(key)).data[0]));
      return { keys, values, hash: await hashWeights(source), info: keys.map((key) => source.info(key)?.shape) };
    } finally {
      await source.close();
    }
  }

  test.each([["module."], ["_orig_mod."], ["model."], ["model.module."], ["module._orig_mod."]])(
    "has the model's own names and hash without %s",
    async (prefix) => {
      const names = ["bert.a", "cls.b"];
      const bare = await keysAndHash(await folderOf(names));
      const wrapped = await keysAndHash(await folderOf(names.map((name) => prefix + name)));
      expect(wrapped).toEqual(bare);
      expect(wrapped.keys).toEqual(names);
      expect(wrapped.values).toEqual([0, 1]);
    },
  );

  test("keeps a prefix that not all names have, and a file that is named keeps its names", async () => {
    const names = ["module.a", "loss.b"];
    expect((await keysAndHash(await folderOf(names))).keys).toEqual(["loss.b", "module.a"].sort());
    const source = await openWeights(join(await folderOf(["module.a"]), "model.safetensors"));
    expect([...source.keys()]).toEqual(["module.a"]);
    await source.close();
  });

  test("may be Lightning's, if it holds one checkpoint and no other weights", async () => {
    const folder = await folderOf(["model.a"], "epoch=1-step=20.ckpt");
    expect((await keysAndHash(folder)).keys).toEqual(["a"]);
    await writeSafetensors(join(folder, "last.ckpt"), [["model.b", one(1)]]);
    expect(await message(folder)).toMatch(/2 checkpoints of Lightning, and nothing says which.*one \.ckpt file/);
    await writeSafetensors(join(folder, "model.safetensors"), [["c", one(1)]]);
    expect((await keysAndHash(folder)).keys).toEqual(["c"]);
  });
});

describe("shards", () => {
  async function sharded(weightMap: unknown, extra: Record<string, number> = {}): Promise<string> {
    const folder = await newFolder();
    await writeSafetensors(
      join(folder, "s1"),
      Object.entries({ a: 1, b: 2, ...extra }).map(([k, v]) => [k, one(v)]),
    );
    await writeSafetensors(join(folder, "s2"), [["c", one(3)]]);
    await writeFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
    return folder;
  }
  const map = { a: "s1", b: "s1", c: "s2" };

  test("may lack a tied output matrix that the index names, and no other tensor", async () => {
    const source = await openWeights(await sharded({ ...map, "lm_head.weight": "s2" }));
    expect([...source.keys()]).toEqual(["a", "b", "c"]);
    expect(source.info("lm_head.weight")).toBeUndefined();
    await source.close();
    expect(await message(await sharded({ ...map, "encoder.weight": "s2" }))).toMatch(
      /"encoder.weight" is not in its shard/,
    );
  });

  test("are seen as one, with the hash that one file has; one file is taken before them", async () => {
    const folder = await sharded(map);
    const source = await openWeights(folder);
    expect([...source.keys()]).toEqual(["a", "b", "c"]);
    expect([...((await source.read("c")).data as Float32Array)]).toEqual([3]);
    expect(source.external?.("c")?.file).toBe(join(folder, "s2"));
    expect(source.info("d")).toBeUndefined();
    await expect(source.read("d")).rejects.toThrow(/no tensor "d"/);
    const set = [1, 2, 3].map((value, i) => ["abc"[i]!, one(value)] as const);
    await writeSafetensors(join(folder, "model.safetensors"), set);
    const single = await openWeights(folder);
    expect(single.path).toBe(join(folder, "model.safetensors"));
    expect(await hashWeights(single)).toBe(await hashWeights(source));
    await Promise.all([source.close(), single.close()]);
  });

  test.each<[string, unknown, RegExp]>([
    ["an absolute path", { a: "/etc/passwd" }, /"\/etc\/passwd"; expected a file inside/],
    ["the folder above", { a: "x/../../s1" }, /expected a file inside/],
    ["a backslash", { a: "..\\s1" }, /expected a file inside/],
    ["a drive", { a: "C:s1" }, /expected a file inside/],
    ["a number", { a: 1 }, /expected a file inside/],
    ["nothing", {}, /empty weight_map/],
    ["a missing shard", { ...map, c: "s3" }, /s3: cannot read the file: no such file/],
    ["the wrong shard", { ...map, b: "s2" }, /"b" is not in its shard "s2"/],
    ["an unmapped tensor", { a: "s1", c: "s2" }, /"b" of shard "s1" is not mapped/],
    ["itself", { a: "model.safetensors.index.json" }, /an index as a shard/],
  ])("refused: %s", async (_, weightMap, expected) => {
    expect(await message(await sharded(weightMap))).toMatch(expected);
  });

  test("refused: a tensor named twice in the index", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "model.safetensors.index.json"), '{"weight_map":{"a":"s1","a":"s2"}}');
    expect(await message(folder)).toMatch(/key "a" twice/);
  });
});
