import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { resolveAdapterConfig } from "../adapters/config.js";
import { type Parameters, writeAdapterFolder } from "../adapters/folder.js";
import { demoExamples, demoRelations } from "../demo/examples.js";
import type { Executor } from "../engine/executor.js";
import { type BackboneHandle, backboneIdentity, openBackbone } from "../features/frozen-backbone.js";
import { initialValue } from "../nn/index.js";
import { localExecutor } from "../runtime/local.js";
import { relationClassification } from "../tasks/relations/relation-classification.js";
import { encodeExamples } from "../tasks/task-data.js";
import { writeRandomBackbone } from "../testing/random-backbone.js";
import { loadModel } from "./load-model.js";
import { makeTaskModel } from "./task-model.js";

const sizes = { layers: 2, hiddenSize: 16 };
const examples = demoExamples("train", { perRelation: { train: 1 } }).slice(0, 4);

let folder = "";
let executor: Executor;
let backbone: BackboneHandle;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-load-"));
  const texts = examples.map(({ text }) => text);
  const random = { ...sizes, seed: 1, heads: 2, vocabSize: 300, initializerRange: 0.2 };
  backbone = await openBackbone((await writeRandomBackbone(join(folder, "model"), texts, random)).folder);
  executor = await localExecutor({ device: "cpu", threads: 1 });
});
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true });
});

/** Writes an adapter whose weights follow from a seed. */
async function writeAdapter(name: string, seed: number): Promise<string> {
  const task = { name: "factual", labels: [...demoRelations], maxLength: 64, options: {} };
  const small = { size: 8, heads: 2, transformerLayers: 1, layers: [0, 2], init: 0.3 };
  const architecture = resolveAdapterConfig(sizes, "official", small);
  const common = { backbone, features: "adapter", architecture, maxLength: 64, headInit: 0.3 } as const;
  const { model } = makeTaskModel(relationClassification, task, { ...common, featureDtype: "float32" });
  const drawn = (parameters: typeof model.parameters): Parameters =>
    new Map(parameters.map((one) => [one.name, { shape: one.shape, data: initialValue(one, seed) }]));
  const own = { ...task, name: relationClassification.name };
  const manifest = {
    ...({ format: "kadapter/1", features: "adapter", architecture, hiddenStates: "float32" } as const),
    ...({
      backbonePrecision: "float32",
      backbone: backboneIdentity(backbone),
      task: own,
      recipe: {},
      metrics: {},
    } as const),
  };
  const out = join(folder, name);
  await writeAdapterFolder(out, {
    manifest,
    adapter: drawn(model.adapter?.parameters ?? []),
    head: drawn(model.head.parameters),
  });
  return out;
}

async function answers(path: string) {
  const model = await loadModel(executor, path, relationClassification);
  const encoded = encodeExamples(model.task, backbone.tokenizer, { examples, skipped: {} }).examples;
  return { model, ask: () => model.session.logits(encoded) };
}

it("lets two models of the same shape on one engine answer with their own weights each", async () => {
  const first = await answers(await writeAdapter("first", 1));
  const alone = await first.ask();
  const second = await answers(await writeAdapter("second", 2));
  const other = await second.ask();
  expect(other).not.toEqual(alone);
  expect(await first.ask()).toEqual(alone);
  await first.model.close();
  expect(await second.ask()).toEqual(other);
  await second.model.close();
  await expect(second.ask()).rejects.toThrow("closed");
});
