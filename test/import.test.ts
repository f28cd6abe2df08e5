/** Adapters of the released code, imported and run. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { folderTensors, hashed, type Tensors } from "./state-dicts.js";
import { adapterBits, expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";
import { torchLegacy, torchZip } from "./torch-writer.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

describe("a state dict of an adapter's tensors", () => {
  let trained: string;
  let whole: Tensors;
  const shape = ["--layers", "0,1,3", "--adapter-heads", 2];
  beforeAll(async () => {
    trained = world.at("trained");
    // As the released code learns: its files hold its head.
    const how = ["--objective", "classification", "--epochs", 1, "--cache-dtype", "float32"] as const;
    await json(world.training(trained, ...how));
    whole = await folderTensors(trained);
  });

  async function file(name: string, tensors: Tensors, write = torchZip): Promise<string> {
    const path = world.at(name);
    await writeFile(path, write(tensors));
    return path;
  }

  test.each([
    ["zip", torchZip],
    ["legacy", torchLegacy],
  ] as const)("in the %s format becomes the same folder, and measures the same", async (name, write) => {
    const path = await file(`${name}.bin`, whole, write);
    const out = world.at(`imported-${name}`);
    const { task } = JSON.parse(await readFile(join(trained, "adapter_config.json"), "utf8")) as {
      task: { labels: string[] };
    };
    const labels = world.at("labels.json");
    await writeFile(labels, JSON.stringify(Object.fromEntries(task.labels.map((label, i) => [label, i]))));
    const known = ["--backbone", world.backbone, "--labels", labels, "--mask-padding", "--max-length", 64];
    const result = await json(["import", path, "--out", out, ...shape, ...known]);
    expect(result).toMatchObject({
      task: "relation-classification",
      classes: 16,
      hiddenSize: 32,
      adapterTensors: 60,
      headTensors: 6,
      leftOut: [],
      architecture: { size: 16, heads: 2, transformerLayers: 1, intermediateSize: 64, input: "sum", init: "official" },
    });
    expect(hashed(await folderTensors(out))).toEqual(hashed(whole));
    const evaluate = (adapter: string) => json(["eval", "--adapter", adapter, "--data", world.dev]);
    const { adapter: _, ...scores } = await evaluate(trained);
    expect(await evaluate(out)).toMatchObject(scores);
    expect((await json(["verify", out]))["ok"]).toBe(true);
  });

  test("without labels and backbone is imported with numbers for names, and needs a backbone to run", async () => {
    const path = await file("bare.bin", whole);
    const out = world.at("bare");
    const args = ["import", path, "--out", out, ...shape];
    expect(await json(args)).toMatchObject({ backboneHash: null, architecture: { maskPadding: false } });
    expect(await json(["inspect", out])).toMatchObject({
      task: { labels: Array.from({ length: 16 }, (_, i) => `${i}`) },
    });
    const predict = ["predict", "--adapter", out, "--data", world.test];
    expect(expectComplaint(await kadapter(predict))).toMatch(/bare: the adapter does not name its backbone/);
    expect(await json([...predict, "--backbone", world.backbone])).toMatchObject({ examples: 32 });
    expect(expectComplaint(await kadapter(args))).toMatch(/adapter_config\.json: it is there already/);
    const before = await adapterBits(out);
    expect((await kadapter([...args, "--overwrite"])).code).toBe(0);
    expect(await adapterBits(out)).toEqual(before);
  });

  test("that does not agree with what is said of it is refused", async () => {
    const path = await file("refused.bin", whole);
    const refused = async (...args: (string | number)[]) => {
      const out = world.at("refused");
      const line = expectComplaint(await kadapter(["import", ...args, "--out", out, "--json"]));
      expect(existsSync(out)).toBe(false);
      return line;
    };
    expect(await refused(path, "--layers", "0,3")).toMatch(/--layers: 2 numbers \(0,3\) for the 3 adapter layers of/);
    expect(await refused(path, "--layers", "0,1,3")).toMatch(/--adapter-heads: 12 heads do not divide .* size 16/);
    const backbone = ["--backbone", world.backbone];
    expect(await refused(path, "--layers", "0,1,4", "--adapter-heads", 2, ...backbone)).toMatch(/no hidden state 4/);
    const labels = world.at("few.json");
    for (const [content, expected] of [
      ['["a", "b"]', /few\.json: 2 labels for a head of 16 relations/],
      ['{"a": 0, "b": 2}', /few\.json: no labels; expected/],
      ['["a", "a"]', /few\.json: a label stands there twice/],
      ["[", /few\.json: not JSON/],
    ] as const) {
      await writeFile(labels, content);
      expect(await refused(path, ...shape, "--labels", labels)).toMatch(expected);
    }
    const more = await file(
      "more.bin",
      new Map([...whole, ["pooler.weight", { shape: [1], data: new Float32Array(1) }]]),
    );
    expect(await refused(more, ...shape)).toMatch(/more\.bin: .*1 unexpected: "pooler\.weight"/);
    const less = await file("less.bin", new Map([...whole].filter(([name]) => name !== "dense.bias")));
    expect(await refused(less, ...shape)).toMatch(/less\.bin: .*1 missing: "dense\.bias"/);
  });
});
