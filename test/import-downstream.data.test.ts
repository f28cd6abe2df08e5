import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { published } from "../src/testing/published.js";
import { hashed, prefixed, type Tensors, tensorsOf } from "./state-dicts.js";
import { json, makeWorld, type World } from "./support.js";
import { torchZip } from "./torch-writer.js";

const fixtures = published("fixtures", "downstream");

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

describe.skipIf(!fixtures)("the released code's models", () => {
  const adapterOf = (name: string) => tensorsOf(join(fixtures, `${name}-adapter`, "model.safetensors"));

  test.each([
    ["tacred", "relations", 42, { kind: "concat", adapterDense: false }],
    ["openentity", "entity-typing", 9, { kind: "concat", adapterDense: false }],
    ["figer", "entity-typing", 14, { kind: "concat", adapterDense: false }],
    ["cosmosqa", "multiple-choice", null, { kind: "concat", adapterDense: true }],
  ])("%s with both adapters: every tensor is there, the same", async (name, task, classes, fusion) => {
    const both = new Map(
      [...prefixed("fac_adapter.", await adapterOf("fac")), ...prefixed("lin_adapter.", await adapterOf("lin"))].filter(
        ([key]) => key.includes("_adapter.adapter."),
      ),
    );
    const head = await tensorsOf(join(fixtures, name, "head.safetensors"));
    const checkpoint: Tensors = new Map([...both, ...head]);
    const path = world.at(`${name}.bin`);
    await writeFile(path, torchZip(checkpoint));
    const out = world.at("published", name);
    const said = await json(["import", path, "--out", out, "--layers", "0,2,4", "--adapter-heads", 4]);
    expect(said).toMatchObject({ task, classes, fusion, leftOut: [], trains: "none" });
    expect(hashed(await tensorsOf(join(out, "model.safetensors")))).toEqual(hashed(checkpoint));
    expect((await json(["verify", out]))["ok"]).toBe(true);
  });

  test("added adapters have no dense layers", async () => {
    const head = await tensorsOf(join(fixtures, "openentity", "head.safetensors"));
    const checkpoint: Tensors = new Map([
      ...[...prefixed("lin_adapter.", await adapterOf("lin"))].filter(([key]) => key.includes("_adapter.adapter.")),
      ...[...head].filter(([key]) => !key.startsWith("task_dense")),
    ]);
    await writeFile(world.at("added.bin"), torchZip(checkpoint));
    const args = [
      "import",
      world.at("added.bin"),
      "--out",
      world.at("added"),
      "--layers",
      "0,2,4",
      "--adapter-heads",
      4,
    ];
    expect(await json(args)).toMatchObject({ fusion: { kind: "add", adapterDense: false }, tensors: checkpoint.size });
  });
});
