import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { resolveAdapterConfig } from "../adapters/config.js";
import { demoExamples, demoRelations } from "../demo/examples.js";
import type { TrainEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import { pretrainingDesign } from "../models/design.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { localExecutor } from "../runtime/local.js";
import { type EncodedRelation, relationClassification } from "../tasks/relations/relation-classification.js";
import { encodeExamples } from "../tasks/task-data.js";
import { floatsOf } from "../tensor.js";
import { writeRandomBackbone } from "../testing/random-backbone.js";
import { adamWDefaults } from "../training/adamw.js";
import { TrainingSession } from "../training/session.js";
import { makeTaskModel, neededStates } from "../training/task-model.js";
import { toFloat32 } from "../weights/float32.js";
import { type BackboneHandle, openBackbone } from "./backbone-handle.js";
import { FeatureCache } from "./feature-cache.js";
import type { FeatureSource, NeededStates } from "./feature-sources.js";
import { type FeatureOptions, featureIdentity, openFeatures } from "./features.js";
import { asTexts } from "./listed-texts.js";

const [hiddenSize, layers, maxLength] = [32, 3, 64];
const taps = [0, 1];

let folder = "";
let executor: Executor;
let backbone: BackboneHandle;
let examples: readonly EncodedRelation[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-features-"));
  const data = demoExamples("train", { perRelation: { train: 2 } });
  const sizes = { seed: 1, layers, hiddenSize, heads: 4, vocabSize: 400, initializerRange: 0.2 };
  const texts = data.map(({ text }) => text);
  backbone = await openBackbone((await writeRandomBackbone(join(folder, "model"), texts, sizes)).folder);
  executor = await localExecutor({ device: "cpu", threads: 1 });
  examples = encodeExamples(made().task, backbone.tokenizer, { examples: data, skipped: {} }).examples;
});
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true });
});

/** Relation classification by the paper's objective beside an adapter that does not tap the last layer. */
function made() {
  const sizes = { size: 8, heads: 2, transformerLayers: 1, dropout: 0, layers: taps, maskPadding: true, init: 0.3 };
  const architecture = resolveAdapterConfig({ hiddenSize, layers }, "official", sizes);
  const design = pretrainingDesign({ features: "adapter", adapter: architecture });
  const rest = { maxLength, headInit: "official", dropout: 0, featureDtype: "float32" } as const;
  const settings = { labels: demoRelations, options: {} };
  return makeTaskModel(relationClassification, settings, { backbone, design, ...rest });
}

type Needed = NeededStates<EncodedRelation>;
const whole: Needed = { layers: [...taps, layers] };
const read = (): Needed => neededStates(made());
const markers = ({ subject, object }: EncodedRelation) => [subject, object];

let caches = "";
let events: TrainEvent[] = [];
beforeEach(async () => {
  caches = await mkdtemp(join(folder, "caches-"));
  events = [];
});

function open(needed: Needed, options: Partial<FeatureOptions> = {}, of = backbone) {
  const all = { cache: caches, cacheLimit: 2 ** 30, dtype: "float32", ...options } as const;
  return openFeatures(executor, of, needed, examples, "train", all, (event) => void events.push(event));
}

/** A state of some examples, text by text and padded to the same length, token by token. */
async function rows(source: FeatureSource<EncodedRelation>, layer: number): Promise<number[][][]> {
  const width = Math.max(...batch().map(({ inputIds }) => inputIds.length)) + 2;
  const states = await source.batch(batch(), width);
  const name = hiddenStateName(layer);
  expect(states[name]?.shape).toEqual([batch().length, width, hiddenSize]);
  const data = floatsOf(states, name);
  const at = (text: number, token: number) => [
    ...data.subarray((text * width + token) * hiddenSize, (text * width + token + 1) * hiddenSize),
  ];
  return batch().map((_, text) => Array.from({ length: width }, (_, token) => at(text, token)));
}

const batch = () => [examples[5]!, examples[0]!, examples[9]!];

const difference = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((x, i) => Math.abs(x - (b[i] as number))));

/** The largest difference of the last state at the markers; everywhere else it must be zero. */
async function markerError(source: FeatureSource<EncodedRelation>, expected: number[][][]): Promise<number> {
  const got = await rows(source, layers);
  const errors = batch().flatMap((example, text) => {
    const at = markers(example);
    const others = (got[text] as number[][]).filter((_, token) => !at.includes(token));
    expect(others.flat().every((x) => x === 0)).toBe(true);
    return at.map((token) => difference(got[text]![token]!, expected[text]![token]!));
  });
  return Math.max(...errors);
}

async function statesOf(needed: Needed, options: Partial<FeatureOptions> = {}, of = backbone) {
  const source = await open(needed, options, of);
  const states = { last: await rows(source, layers), tap: await rows(source, 1), input: await rows(source, 0) };
  await source.close();
  return states;
}

/** Folders of hidden states; weights lie beside them. */
const cacheFolders = async () =>
  (await readdir(caches)).filter((name) => name !== "int8").map((name) => join(caches, name));

async function shardBytes(): Promise<number[]> {
  const sizes = (await cacheFolders()).map(async (one) => (await stat(join(one, "shard-00000.bin"))).size);
  return Promise.all(sizes);
}

/** The vectors of tokens, without padding. */
const ofTokens = (states: number[][][]) =>
  states.flatMap((text, i) => text.slice(0, batch()[i]!.inputIds.length).flat());

describe("the last state where it is read at two positions", () => {
  it("has the same rows there and zeros elsewhere, kept or computed anew", async () => {
    const expected = await statesOf(whole, { cache: null });
    for (const cache of [caches, null]) {
      const source = await open(read(), { cache });
      expect(await markerError(source, expected.last)).toBeLessThan(1e-5);
      expect(difference(ofTokens(await rows(source, 1)), ofTokens(expected.tap))).toBeLessThan(1e-5);
      expect(difference(ofTokens(await rows(source, 0)), ofTokens(expected.input))).toBeLessThan(1e-5);
      await source.close();
    }
  });

  it("is rounded where states are", async () => {
    const source = await open(read(), { dtype: "float16" });
    const width = Math.max(...batch().map(({ inputIds }) => inputIds.length));
    const streamed = await open(read(), { dtype: "float16", cache: null });
    const name = hiddenStateName(layers);
    const [kept, anew] = [await source.batch(batch(), width), await streamed.batch(batch(), width)];
    expect(kept[name]?.dtype).toBe("float16");
    expect(difference([...toFloat32(kept[name]!)], [...toFloat32(anew[name]!)])).toBeLessThan(5e-3);
    await source.close();
    await streamed.close();
  });

  it("takes two rows of each example, is found again, and is another cache at other positions", async () => {
    await (await open(read())).close();
    const tokens = examples.reduce((sum, { inputIds }) => sum + inputIds.length, 0);
    const [bytes] = await shardBytes();
    expect(bytes).toBe((tokens + 2 * examples.length) * hiddenSize * 4 + 32);
    const computed = () => events.filter((event) => event.kind === "prepare" && event.done === 0).length;
    expect(computed()).toBe(1);
    await (await open(read())).close();
    expect(computed()).toBe(1);
    const other: Needed = { ...read(), lastAt: { count: 2, of: ({ subject }) => [subject, 0] } };
    const source = await open(other);
    expect(computed()).toBe(2);
    expect(await shardBytes()).toEqual([bytes, bytes]);
    expect(difference((await rows(source, layers))[0]![0]!, new Array(hiddenSize).fill(0))).toBeGreaterThan(1e-2);
    await source.close();
  });

  it("leaves caches of every position where they are", async () => {
    await (await open(whole)).close();
    const before = new FeatureCache({
      root: caches,
      identity: featureIdentity(executor, backbone, asTexts(examples), {
        cache: caches,
        cacheLimit: 0,
        dtype: "float32",
      }),
      lengths: examples.map(({ inputIds }) => inputIds.length),
      layers: [1, layers],
      hiddenSize,
      dtype: "float32",
    });
    expect(await cacheFolders()).toEqual([before.folder]);
  });

  it("comes from an int8 backbone, too", async () => {
    const exact = await statesOf(whole, { cache: null });
    const source = await open(read(), { precision: "int8" });
    const norm = Math.max(...exact.last.flat(2).map(Math.abs));
    const error = await markerError(source, exact.last);
    expect(error).toBeGreaterThan(1e-5);
    expect(error).toBeLessThan(0.1 * norm);
    const notes = events.flatMap((event) => (event.kind === "note" ? [event.text] : []));
    const [, said] = /h\[3\] ([\d.]+) %/.exec(notes.join("\n")) ?? [];
    expect(Number(said)).toBeGreaterThan(0);
    expect(Number(said)).toBeLessThan(10);
    await source.close();
  });
});

it.each([
  ["float32", { layer_norm_eps: 0.1 }],
  ["float32", { hidden_act: "relu" }],
  ["int8", { num_attention_heads: 2 }],
] as const)("keeps %s states of another configuration apart: %j", async (precision, change) => {
  const other = join(caches, "model");
  await cp(backbone.folder, other, { recursive: true });
  const config = JSON.parse(await readFile(join(other, "config.json"), "utf8")) as object;
  await writeFile(join(other, "config.json"), JSON.stringify({ ...config, ...change }));
  const changed = await openBackbone(other);
  expect(changed.hash).toBe(backbone.hash);
  const cache = join(caches, "cache");
  const before = await statesOf(whole, { cache, precision });
  const anew = await statesOf(whole, { cache: null, precision }, changed);
  const kept = await statesOf(whole, { cache, precision }, changed);
  expect(difference(ofTokens(kept.last), ofTokens(anew.last))).toBeLessThan(precision === "int8" ? 0.2 : 1e-5);
  expect(difference(ofTokens(kept.last), ofTokens(before.last))).toBeGreaterThan(0.05);
});

it("trains with the same losses as on every position of the last state", async () => {
  async function losses(needed: Needed, cache: string | null): Promise<number[]> {
    const { task, model } = made();
    const features = (await open(needed, { cache })) as FeatureSource<EncodedRelation>;
    const all = { executor, features, padTokenId: 1, model, task, maxLength };
    const session = await TrainingSession.open<EncodedRelation>(all, adamWDefaults, { accumulation: false });
    await session.initialise(3);
    const found: number[] = [];
    for (let update = 1; update <= 6; update++) {
      const batch = examples.slice(4 * update, 4 * update + 4);
      found.push((await session.step([batch], { learningRate: 1e-2, update, epoch: 0, seed: 3 })).loss);
    }
    await features.close();
    return found;
  }
  const expected = await losses(whole, null);
  const got = await losses(read(), caches);
  expect(expected[5]).not.toBeCloseTo(expected[0] as number, 2);
  got.forEach((loss, i) => {
    expect(Math.abs(loss / (expected[i] as number) - 1)).toBeLessThan(1e-5);
  });
});
