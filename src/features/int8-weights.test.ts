import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GraphBuilder } from "../graph/index.js";
import { constant, Linear, ParamScope } from "../nn/index.js";
import type { HostTensor } from "../tensor.js";
import { int8Weights } from "./int8-weights.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-int8-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** The parameters of an int8 layer. */
function parameters() {
  const g = new GraphBuilder();
  const layer = new Linear(ParamScope.root().at("dense"), 4, 3, { weight: constant(0), bias: constant(0) });
  const x = g.input("x", "float32", ["rows", 4]);
  const graph = g.build({ y: layer.forward({ g, dropout: null, fused: true, int8: true }, x) });
  return [...graph.parameters.keys()].filter(({ name }) => name !== "dense.bias");
}

let reads = 0;
function load(configHash = "c"): Promise<ReadonlyMap<string, HostTensor>> {
  const read = async () => {
    reads++;
    return Float32Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
  };
  return int8Weights(parameters(), { hash: "w", configHash, bits: 8, folder, read });
}

it("quantises once, and again what is damaged or belongs to another configuration", async () => {
  const first = await load();
  expect([...first.keys()].length).toBe(2);
  expect(reads).toBe(1);
  expect(await load()).toEqual(first);
  expect(reads).toBe(1);
  const [name] = await readdir(join(folder, "int8"));
  const file = join(folder, "int8", name as string);
  const bytes = await readFile(file);
  const damages = [
    () => writeFile(file, Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) as number) ^ 1)])),
    () => truncate(file, bytes.length - 5),
    () => writeFile(file, "nothing of the kind"),
  ];
  for (const [i, damage] of damages.entries()) {
    await damage();
    expect(await load()).toEqual(first);
    expect(reads).toBe(2 + i);
    expect(await readFile(file)).toEqual(bytes);
  }
  await load("another");
  expect(reads).toBe(5);
});
