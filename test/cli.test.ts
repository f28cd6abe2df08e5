/** The commands one after the other, as a user runs them. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toFloat32 } from "../src/weights/float32.js";
import { openSafetensors } from "../src/weights/safetensors.js";
import { writeSafetensors } from "../src/weights/safetensors-writer.js";
import { adapterBits, expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";
import { type StateTensor, torchLegacy, torchZip } from "./torch-writer.js";

let world: World;
let trained: Record<string, unknown>;
beforeAll(async () => {
  world = await makeWorld();
  trained = await train("first");
});
afterAll(() => world.remove());

const train = (out: string, ...more: (string | number)[]) => json(world.training(world.at(out), ...more));
const bits = (out: string) => adapterBits(world.at(out));

const rate = expect.toSatisfy((value: number) => value >= 0 && value <= 1, "a fraction");
const rates = { accuracy: rate, macroF1: rate };

describe("pretrain factual", () => {
  test("reports what it did and reached", () => {
    expect(trained).toMatchObject({
      ...rates,
      out: world.at("first"),
      reason: "completed",
      steps: 12,
      trainExamples: 96,
      devExamples: 32,
      skipped: 0,
      backboneUnchanged: true,
      architecture: { layers: [0, 1, 3], size: 16, heads: 2, intermediateSize: 64, transformerLayers: 1 },
    });
    expect(Object.keys(trained["perRelation"] as object)).toHaveLength(16);
  });

  test("two runs with one seed have the same bits, from gzipped data too; another seed differs", async () => {
    const first = await bits("first");
    const gz = { train: world.at("train.jsonl.gz"), dev: world.at("dev.jsonl.gz") };
    await writeFile(gz.train, gzipSync(await readFile(world.train)));
    await writeFile(gz.dev, gzipSync(await readFile(world.dev)));
    await train("again", "--train", gz.train, "--dev", gz.dev);
    expect(await bits("again")).toEqual(first);
    await train("seven", "--seed", 7);
    const seven = await bits("seven");
    for (const name of Object.keys(first)) expect(seven[name]).not.toBe(first[name]);
  });

  test("recipes: flags win over them, and they over the defaults", async () => {
    const recipe = world.at("recipe.yaml");
    await writeFile(recipe, "epochs: 1\nseed: 9\ndropout: 0 # none\n");
    const { options } = await train("recipe", "--recipe", recipe, "--seed", 8, "--max-steps", 1);
    expect(options).toMatchObject({ epochs: 2, seed: 8, dropout: 0, weightDecay: 0, maxSteps: 1 });
  });

  test.each<[string, (string | number)[], object]>([
    ["a head on the last hidden state", ["--features", "last"], { layers: [0, 1, 3] }],
    ["a head on the tapped states", ["--features", "taps"], { layers: [0, 1, 3] }],
    ["one layer at K = 1, N = 1", ["--layers", 2, "--transformer-layers", 1], { layers: [2], transformerLayers: 1 }],
    ["the paper's way", ["--preset", "paper", "--skip", 2], { input: "concat", skip: 2 }],
    ["padding attended, official weights", ["--no-mask-padding", "--init", "official"], { maskPadding: false }],
  ])("%s can be trained and measured", async (name, more, architecture) => {
    const result = await train(name, "--epochs", 1, ...more);
    expect(result).toMatchObject({ ...rates, architecture });
    const measured = await json(["eval", "--adapter", world.at(name), "--data", world.dev]);
    expect(measured).toMatchObject({ examples: 32, skipped: 0, accuracy: result["accuracy"] });
    expect(measured["loss"]).toBeCloseTo(result["loss"] as number, 5);
  });
});

describe("eval", () => {
  test("measures the dev data as the training did", async () => {
    const result = await json([
      "eval",
      "--adapter",
      world.at("first"),
      "--backbone",
      world.backbone,
      "--data",
      world.dev,
    ]);
    const { accuracy, macroF1, loss, perRelation } = trained;
    expect(result).toMatchObject({ examples: 32, skipped: 0, accuracy, macroF1, perRelation });
    expect(result["loss"]).toBeCloseTo(loss as number, 6);
  });

  test("counts what does not fit", async () => {
    const lines = (await readFile(world.test, "utf8")).trim().split("\n");
    const record = JSON.parse(lines[0]!) as { token: string[]; t: { pos: number[] } };
    const token = [...record.token, ...Array.from({ length: 100 }, () => "word"), "End"];
    const far = { ...record, token, t: { name: "End", pos: [token.length - 1, token.length] } };
    const file = world.at("far.jsonl");
    await writeFile(file, [...lines, JSON.stringify(far)].join("\n"));
    const result = await json(["eval", "--adapter", world.at("first"), "--data", file]);
    expect(result).toMatchObject({
      ...rates,
      examples: lines.length,
      skipped: 1,
      skippedBy: { "entities-too-far-apart": 1 },
    });
    const predicted = await json(["predict", "--adapter", world.at("first"), "--data", file]);
    expect(predicted).toMatchObject({ examples: lines.length + 1, skipped: 1 });
  });

  test("prints a table for people and writes predictions", async () => {
    const file = world.at("predictions.jsonl");
    const args = ["eval", "--adapter", world.at("first"), "--data", world.test, "--predictions", file];
    const run = await kadapter(args);
    expect(run.stderr).toBe("");
    expect(run.stdout).toMatch(/^relation +precision +recall +F1 +examples\n/);
    expect(run.stdout).toMatch(/\naccuracy +\d+\.\d %, macro F1 +\d+\.\d %, 32 examples, 0 skipped\n$/);
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    expect(lines).toHaveLength(32);
    expect(Object.keys(JSON.parse(lines[0]!) as object)).toEqual(["where", "relation", "predicted"]);
    expect(expectComplaint(await kadapter(args))).toMatch(/predictions\.jsonl: it is there already/);
    expect((await kadapter([...args, "--overwrite"])).code).toBe(0);
  });
});

interface Prediction {
  readonly where: string;
  readonly subject: string;
  readonly relations: readonly { readonly relation: string; readonly probability: number }[];
}

describe("predict", () => {
  test("names relations with probabilities that sum to one, in the data's order, labels or not", async () => {
    const args = ["predict", "--adapter", world.at("first"), "--top", 16];
    const run = await kadapter([...args, "--data", world.test]);
    expect(run).toMatchObject({ code: 0, stderr: "" });
    const lines = run.stdout.trim().split("\n");
    const answers = lines.map((line) => JSON.parse(line) as Prediction);
    expect(answers.map(({ where }) => where)).toEqual(answers.map((_, i) => `${world.test}:${i + 1}`));
    for (const { relations } of answers) {
      expect(relations).toHaveLength(16);
      expect(relations.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
      for (const { probability } of relations) expect(probability).toBe(Number(probability.toPrecision(6)));
      expect(relations.map(({ probability }) => probability)).toEqual(
        relations.map(({ probability }) => probability).sort((a, b) => b - a),
      );
    }
    const unlabelled = world.at("unlabelled.jsonl");
    const records = (await readFile(world.test, "utf8")).trim().split("\n");
    const bare = records.map((line) => JSON.stringify({ ...(JSON.parse(line) as object), relation: undefined }));
    await writeFile(unlabelled, bare.join("\n"));
    const out = world.at("answers.jsonl");
    const result = await json([...args, "--data", unlabelled, "--out", out]);
    expect(result).toEqual({ adapter: world.at("first"), examples: 32, skipped: 0, skippedBy: {}, out });
    expect((await readFile(out, "utf8")).replaceAll(unlabelled, world.test)).toBe(run.stdout);
  });

  test("takes a sentence from the command line", async () => {
    const sentence = ["--text", "Paris is in France.", "--subject", "Paris", "--object", "France"];
    const result = await json(["predict", "--adapter", world.at("first"), ...sentence, "--top", 2]);
    expect(result).toMatchObject({
      examples: 1,
      predictions: [{ subject: "Paris", object: "France", relations: [{}, {}] }],
    });
  });
});

describe("inspect and verify", () => {
  test("an adapter, a model, weights and data are told by their content", async () => {
    const folder = world.at("first");
    expect(await json(["inspect", folder])).toMatchObject({
      kind: "adapter",
      adapter: { parameters: 13_056, dtypes: { float32: 13_056 } },
      task: { name: "relation-classification" },
      metrics: { accuracy: trained["accuracy"] },
    });
    const weights = { parameters: expect.any(Number) as number, dtypes: { float32: expect.any(Number) as number } };
    expect(await json(["inspect", world.backbone])).toMatchObject({
      kind: "model",
      config: { modelType: "roberta", layers: 3, hiddenSize: 32 },
      weights: { ...weights, hash: trained["backboneHash"], unused: [] },
      tokenizer: { kind: "byte-level-bpe", vocabSize: 600 },
    });
    expect(await json(["inspect", join(folder, "head.safetensors")])).toMatchObject({
      kind: "weights",
      format: "safetensors",
      tensors: 2,
      metadata: { format: "pt" },
    });
    // A misleading name: the content decides.
    await cp(world.test, world.at("data.safetensors"));
    const data = await json(["inspect", world.at("data.safetensors")]);
    expect(data).toMatchObject({ kind: "data", format: "wiki80", examples: 32 });
    expect(data["relations"]).toHaveLength(16);
    for (const path of [folder, world.backbone, world.test, join(folder, "adapter_model.safetensors")]) {
      const run = await kadapter(["inspect", path]);
      expect(run).toMatchObject({ code: 0, stderr: "" });
      expect(run.stdout.split("\n").length).toBeGreaterThan(6);
    }
  });

  test("a folder of runs is told by what is in it", async () => {
    await mkdir(world.at("runs", "begun", "checkpoints"), { recursive: true });
    await mkdir(world.at("runs", "other"), { recursive: true });
    await cp(world.at("first"), world.at("runs", "facts"), { recursive: true });
    expect((await json(["inspect", world.at("runs")]))["folders"]).toEqual([
      { path: world.at("runs", "begun"), kind: "unfinished" },
      { path: world.at("runs", "facts"), kind: "adapter" },
    ]);
    const { stdout } = await kadapter(["inspect", world.at("runs")]);
    expect(stdout).toMatch(/begun {2}a training that has not ended\n.*facts {2}an adapter\n$/);
  });

  test("an adapter is as it was made", async () => {
    const result = await json(["verify", "--adapter", world.at("first")]);
    expect(result["ok"]).toBe(true);
    expect((result["checks"] as { ok: boolean }[]).map(({ ok }) => ok)).toEqual(Array(12).fill(true));
  });
});

test("doctor says what this machine offers", async () => {
  const result = await json(["doctor"]);
  expect(result).toMatchObject({ devices: { cpu: "works" }, processor: { threads: expect.any(Number) as number } });
  expect(Object.values(result["versions"] as object)).not.toContain("missing");
  const run = await kadapter(["doctor"]);
  expect(run).toMatchObject({ code: 0, stderr: "" });
  expect(run.stdout).toMatch(/\n(hint: [^\n]+|nothing is wrong)\n$/);
});

describe("backbones in other files", () => {
  async function state(): Promise<Map<string, StateTensor>> {
    const source = await openSafetensors(join(world.backbone, "model.safetensors"));
    const tensors = new Map<string, StateTensor>();
    for (const key of source.keys()) {
      const tensor = await source.read(key);
      tensors.set(`roberta.${key}`, { shape: tensor.shape, data: toFloat32(tensor) });
    }
    await source.close();
    return tensors;
  }

  async function backboneWith(name: string, file: string, content: Buffer | null): Promise<string> {
    const folder = world.at(name);
    await cp(world.backbone, folder, { recursive: true });
    await rm(join(folder, "model.safetensors"));
    if (content) await writeFile(join(folder, file), content);
    return folder;
  }

  test("zip and legacy .bin train the same bits as safetensors", async () => {
    const tensors = await state();
    for (const [name, content] of [
      ["zip", torchZip(tensors)],
      ["legacy", torchLegacy(tensors)],
    ] as const) {
      const folder = await backboneWith(name, "pytorch_model.bin", content);
      await train(`from-${name}`, "--backbone", folder);
      expect(await bits(`from-${name}`)).toEqual(await bits("first"));
    }
  });

  test("float16 weights train, and are another backbone", async () => {
    const folder = await backboneWith("half", "", null);
    const halves = [...(await state())].map(([name, { shape, data }]) => {
      return [name, { dtype: "float16", shape, data: Uint16Array.from(data, toHalf) }] as const;
    });
    await writeSafetensors(join(folder, "model.safetensors"), halves);
    const result = await train("from-half", "--backbone", folder, "--epochs", 1);
    expect(result).toMatchObject(rates);
    expect(result["backboneHash"]).not.toBe(trained["backboneHash"]);
    const args = ["eval", "--adapter", world.at("from-half"), "--data", world.dev];
    expect(await json(args)).toMatchObject({ accuracy: result["accuracy"] });
    expect(expectComplaint(await kadapter([...args, "--backbone", world.backbone]))).toMatch(/weights \(SHA-256\)/);
  });
});

/** float32 to float16, towards zero; enough for weights that a test makes up. */
function toHalf(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const sign = (bits >>> 16) & 0x8000;
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}
