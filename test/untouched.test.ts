/** Knowledge is added beside the backbone and beside other adapters: neither changes in a bit. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBackbone } from "../src/features/backbone-handle.js";
import { FrozenBackbone } from "../src/features/frozen-backbone.js";
import { localExecutor } from "../src/runtime/local.js";
import { bytesOf, int32Tensor } from "../src/tensor.js";
import { hashFile } from "../src/weights/hash.js";
import { filesBelow, json, kadapter, makeWorld, sha256, type World } from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

/** SHA-256 of every file of a folder. */
async function hashes(folder: string): Promise<Record<string, string>> {
  const names = (await filesBelow(folder)).filter((name) => /\.\w+$/.test(name));
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await hashFile(join(folder, name))])));
}

/** Hashes of all hidden states for fixed inputs, padding included. */
async function outputs(folder: string): Promise<Record<string, string>> {
  const executor = await localExecutor({ device: "cpu", threads: 2 });
  try {
    const backbone = await FrozenBackbone.load(executor, await openBackbone(folder), [0, 1, 2, 3]);
    const ids = Int32Array.from({ length: 40 }, (_, i) => (i < 33 ? 4 + ((i * 37) % 300) : 1));
    const mask = Int32Array.from(ids, (id) => (id === 1 ? 0 : 1));
    const states = await backbone.run({
      inputIds: int32Tensor([4, 10], ids),
      attentionMask: int32Tensor([4, 10], mask),
    });
    return Object.fromEntries(Object.entries(states).map(([name, tensor]) => [name, sha256(bytesOf(tensor))]));
  } finally {
    await executor.close();
  }
}

async function train(out: string, ...more: (string | number)[]): Promise<Record<string, unknown>> {
  return json(world.training(world.at(out), "--epochs", 1, ...more));
}

/** What an adapter says of every test sentence, as bytes. */
async function predictions(adapter: string, out: string): Promise<Buffer> {
  const options = ["--adapter", world.at(adapter), "--data", world.test, "--top", 16, "--out", world.at(out)];
  expect((await kadapter(["predict", ...options])).code).toBe(0);
  return readFile(world.at(out));
}

test("the backbone's files and outputs, and adapter A while B is trained, are the same to the last bit", async () => {
  const files = await hashes(world.backbone);
  expect(Object.keys(files)).toEqual(["config.json", "merges.txt", "model.safetensors", "vocab.json"]);
  const states = await outputs(world.backbone);
  expect(Object.keys(states)).toHaveLength(4);

  const first = await train("a");
  expect(first["backboneUnchanged"]).toBe(true);
  expect(await hashes(world.backbone)).toEqual(files);
  expect(await outputs(world.backbone)).toEqual(states);

  const adapter = await hashes(world.at("a"));
  expect(Object.keys(adapter)).toEqual(expect.arrayContaining(["adapter_model.safetensors", "head.safetensors"]));
  const answers = await predictions("a", "before.jsonl");
  expect(answers.length).toBeGreaterThan(1000);

  await train("b", "--seed", 2, "--preset", "paper", "--layers", "1,2");
  expect(await hashes(world.backbone)).toEqual(files);
  expect(await outputs(world.backbone)).toEqual(states);
  expect(await hashes(world.at("a"))).toEqual(adapter);
  expect((await predictions("a", "after.jsonl")).equals(answers)).toBe(true);
  // B is another adapter, so the comparison above would have seen one that was overwritten.
  expect((await predictions("b", "b.jsonl")).equals(answers)).toBe(false);
  expect((await json(["verify", world.at("a")]))["ok"]).toBe(true);
});
