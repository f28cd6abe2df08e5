/** Adapters of the released code, imported and run. */
import { existsSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localExecutor } from "../src/runtime/local.js";
import type { EncodedRelation } from "../src/tasks/relations/relation-classification.js";
import { relationClassification } from "../src/tasks/relations/relation-classification.js";
import { floatsOf, type HostTensor } from "../src/tensor.js";
import { loadModel } from "../src/training/load-model.js";
import { toFloat32 } from "../src/weights/float32.js";
import { openWeights } from "../src/weights/open.js";
import { openSafetensors } from "../src/weights/safetensors.js";
import { adapterBits, expectComplaint, json, kadapter, makeWorld, sha256, type World } from "./support.js";
import { type StateTensor, torchLegacy, torchZip } from "./torch-writer.js";

const fixtures = fileURLToPath(new URL("../../shared/fixtures", import.meta.url));

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

/** All tensors of files, as float32. */
async function tensorsOf(...files: string[]): Promise<Map<string, StateTensor>> {
  const tensors = new Map<string, StateTensor>();
  for (const file of files) {
    const source = await openWeights(file);
    for (const key of [...source.keys()].sort()) {
      const tensor = await source.read(key);
      tensors.set(key, { shape: tensor.shape, data: toFloat32(tensor) });
    }
    await source.close();
  }
  return tensors;
}

/** Adapter and head of an adapter's folder. */
const folderTensors = (folder: string) =>
  tensorsOf(join(folder, "adapter_model.safetensors"), join(folder, "head.safetensors"));

/** What can be compared and shown: names, shapes and hashes. */
const sorted = (tensors: Map<string, StateTensor>) =>
  [...tensors]
    .map(
      ([name, { shape, data }]) =>
        `${name} [${shape.join(", ")}] ${sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))}`,
    )
    .sort();

describe("a state dict of an adapter's tensors", () => {
  let trained: string;
  let whole: Map<string, StateTensor>;
  const shape = ["--layers", "0,1,3", "--adapter-heads", 2];
  beforeAll(async () => {
    trained = world.at("trained");
    // As the released code learns: its files hold its head.
    const how = ["--objective", "classification", "--epochs", 1, "--cache-dtype", "float32"] as const;
    await json(world.training(trained, ...how));
    whole = await folderTensors(trained);
  });

  async function file(name: string, tensors: ReadonlyMap<string, StateTensor>, write = torchZip): Promise<string> {
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
    expect(sorted(await folderTensors(out))).toEqual(sorted(whole));
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

describe.skipIf(!existsSync(fixtures))("files that the released code wrote", () => {
  const folder = (kind: string) => join(fixtures, `adapter-${kind}`);
  const shape = ["--layers", "0,2,5", "--adapter-heads", 4];

  test.each([
    ["factual", "pytorch_model.bin", "relation-classification", 6],
    ["factual", "pytorch_model.legacy.bin", "relation-classification", 6],
    ["linguistic", "pytorch_model.bin", "head-prediction", 16],
    ["linguistic", "pytorch_model.legacy.bin", "head-prediction", 16],
  ])("%s, %s: every tensor is there, the same", async (kind, file, task, headTensors) => {
    const out = world.at(`${kind}-${file}`);
    const path = join(folder(kind), "adapter", file);
    expect(await json(["import", path, "--out", out, ...shape])).toMatchObject({ task, headTensors, leftOut: [] });
    const published = await tensorsOf(join(folder(kind), "adapter", "model.safetensors"));
    expect(sorted(await folderTensors(out))).toEqual(sorted(published));
    const { ok, checks } = await json(["verify", out]);
    expect({ ok, failed: (checks as { ok: boolean }[]).filter((check) => check.ok === false) }).toEqual({
      ok: true,
      failed: [],
    });
    if (task === "relation-classification") return;
    const line = expectComplaint(await kadapter(["eval", "--adapter", out, "--data", world.test]));
    expect(line).toMatch(/the adapter does not name its backbone/);
  });

  test("the imported factual adapter gives the released code's logits", async () => {
    // The fixture has no tokenizer; its texts are ids already.
    const backbone = world.at("fixture-backbone");
    for (const name of ["config.json", "model.safetensors"])
      await cp(join(folder("factual"), name), join(backbone, name));
    const tokens = ["<s>", "<pad>", "</s>", "<unk>", "@", "#"];
    await writeFile(
      join(backbone, "vocab.json"),
      JSON.stringify(Object.fromEntries(tokens.map((token, i) => [token, i]))),
    );
    await writeFile(join(backbone, "merges.txt"), "#version: 0.2\n");
    const out = world.at("fixture-adapter");
    const path = join(folder("factual"), "adapter", "pytorch_model.bin");
    await json(["import", path, "--out", out, ...shape, "--backbone", backbone]);
    const config = JSON.parse(await readFile(join(out, "adapter_config.json"), "utf8")) as { task: object };

    const rows = await fixtureRows();
    const expected = await openSafetensors(join(folder("factual"), "expected-unpadded.safetensors"));
    for (const [i, row] of rows.entries()) {
      // Padding is attended here, so a limit of the row's own length keeps all padding out.
      const task = { ...config.task, maxLength: row.inputIds.length };
      await writeFile(join(out, "adapter_config.json"), JSON.stringify({ ...config, task }));
      const executor = await localExecutor({ device: "cpu", threads: 1 });
      const { session } = await loadModel(executor, out, relationClassification);
      const [logits] = await session.logits([row]);
      await executor.close();
      const released = floatsOf({ logits: await expected.read(`row${i}.logits`) }, "logits");
      expect(logits).toHaveLength(12);
      for (const [k, value] of released.entries()) {
        expect(Math.abs(logits![k]! - value)).toBeLessThanOrEqual(5e-5 + 1e-4 * Math.abs(value));
      }
    }
    await expected.close();
  });

  /** The first batch, row by row, without padding. */
  async function fixtureRows(): Promise<EncodedRelation[]> {
    const source = await openSafetensors(join(folder("factual"), "inputs.safetensors"));
    const read = async (name: string) => numbers(await source.read(name));
    const [ids, mask] = [await read("input_ids"), await read("attention_mask")];
    const [subject, object] = [await read("subj_special_start_id"), await read("obj_special_start_id")];
    await source.close();
    return Array.from({ length: 4 }, (_, row) => {
      const cut = (all: number[]) => all.slice(row * 20, (row + 1) * 20);
      const length = cut(mask).reduce((sum, one) => sum + one, 0);
      const span = { start: 0, end: 1 };
      return {
        inputIds: cut(ids).slice(0, length),
        subject: cut(subject).indexOf(1),
        object: cut(object).indexOf(1),
        label: -1,
        example: { text: "-", subject: span, object: span, relation: "", where: `row ${row}` },
      };
    });
  }

  const numbers = ({ data }: HostTensor): number[] => Array.from(data as ArrayLike<number | bigint>, Number);
});
