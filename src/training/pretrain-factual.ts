import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type AdapterManifest, type KAdapterConfig, type Parameters, writeAdapterFolder } from "../adapters/index.js";
import type { ReadRelationsOptions } from "../data/index.js";
import { userError } from "../errors.js";
import type { ClassificationScores, EncodedRelation, FeatureKind, HeadInit, KnowledgeModel } from "../tasks/index.js";
import { elementCount, floatsOf } from "../tensor.js";
import { hashJson, openSafetensors, writeSafetensors } from "../weights/index.js";
import { adamWDefaults } from "./adamw.js";
import type { TrainEvent } from "./events.js";
import type { Executor, Tensors } from "./executor.js";
import { type FeatureOptions, openFeatures } from "./features.js";
import { type BackboneFolder, openBackbone } from "./frozen-backbone.js";
import {
  backboneIdentity,
  countSkipped,
  type EncodedData,
  encodeRelations,
  makeRelationModel,
  readAllRelations,
  relationTask,
} from "./relation-setup.js";
import { PredictionSession, type SessionOptions, TrainingSession } from "./session.js";
import { predictAll, Trainer, type TrainerSettings } from "./trainer.js";

export interface FactualPretraining {
  readonly backbone: BackboneFolder;
  readonly train: string;
  readonly dev: string;
  readonly out: string;
  readonly read: ReadRelationsOptions;
  readonly features: FeatureKind;
  readonly architecture: KAdapterConfig;
  readonly headInit: HeadInit;
  readonly featureOptions: FeatureOptions;
  readonly maxLength: number;
  readonly settings: TrainerSettings;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly resume: boolean;
  /** Stored in the adapter's folder. */
  readonly recipe: AdapterManifest["recipe"];
}

export interface FactualResult {
  readonly manifest: AdapterManifest;
  readonly reason: "completed" | "early-stop" | "interrupted";
  readonly scores: ClassificationScores | null;
  readonly skipped: {
    readonly train: Readonly<Record<string, number>>;
    readonly dev: Readonly<Record<string, number>>;
  };
  /** SHA-256 of the backbone's weights before and after. */
  readonly backboneHash: { readonly before: string; readonly after: string };
}

/** Where a run keeps what is not part of the finished adapter. */
export const checkpointFolder = (out: string): string => join(out, "checkpoints");
const bestFile = (out: string) => join(out, "checkpoints", "best.safetensors");

/**
 * Pre-trains a factual adapter by relation classification (K-Adapter §3.3) beside a frozen backbone, and writes its
 * folder: the parameters that were best on the dev data.
 *
 * @param onEvent told of every step, evaluation and checkpoint
 * @param signal stops after the step under way and leaves a checkpoint
 */
export async function pretrainFactual(
  executor: Executor,
  options: FactualPretraining,
  onEvent: (event: TrainEvent) => Promise<void> | void,
  signal?: AbortSignal,
): Promise<FactualResult> {
  const { backbone, settings, maxLength } = options;
  const data = await readData(options);
  const { task, model } = makeRelationModel({
    ...options,
    labels: data.labels,
    featureDtype: options.featureOptions.dtype,
  });
  const train = encodeRelations(task, data.train.examples, data.train.skipped);
  const dev = encodeRelations(task, data.dev.examples, data.dev.skipped);
  requireExamples(options, train, dev);

  const { padTokenId } = backbone.config;
  // A cache holds no padding, and an adapter that attends to padding reads what the backbone computes there.
  const readsPadding = options.features === "adapter" && !options.architecture.maskPadding;
  const featureOptions = {
    ...options.featureOptions,
    ...(readsPadding ? { cache: null } : {}),
    ...(signal ? { signal } : {}),
  };
  if (readsPadding && options.featureOptions.cache !== null) {
    await onEvent({ kind: "note", text: "padding is attended, so hidden states are not cached" });
  }
  const shared = async (data: EncodedData, what: string): Promise<SessionOptions<EncodedRelation>> => {
    const features = await openFeatures(
      executor,
      backbone,
      model.neededLayers,
      data.examples,
      what,
      featureOptions,
      onEvent,
    );
    return { executor, features, padTokenId, model, task, maxLength };
  };
  const optimizer = { ...adamWDefaults, weightDecay: options.weightDecay, maxGradNorm: options.maxGradNorm };
  const session = await TrainingSession.open(
    await shared(train, "train"),
    optimizer,
    settings.gradientAccumulation > 1,
  );
  const prediction = await PredictionSession.open(await shared(dev, "dev"));
  const score = async () => {
    const logits = await predictAll(prediction, dev.examples, 2 * settings.batchSize);
    return task.score(dev.examples.map((encoded, i) => ({ encoded, logits: logits[i] as Float32Array })));
  };
  const trainer = new Trainer<EncodedRelation>({
    session,
    settings,
    train: train.examples,
    evaluate: async () => {
      const { accuracy, microF1, macroF1, loss } = await score();
      return { metrics: { accuracy, microF1, macroF1, loss }, metric: accuracy };
    },
    keepBest: async (parameters) => writeSafetensors(bestFile(options.out), Object.entries(await parameters())),
    readState: (slots) => executor.getState(slots),
    checkpoints: checkpointFolder(options.out),
    identity: identityOf(options, data.labels, train),
    resume: options.resume,
    parameters: model.parameters.map(({ name }) => name),
    parameterCount: model.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
  let last: Extract<TrainEvent, { kind: "done" }> | null = null;
  for await (const event of trainer.run(signal)) {
    if (event.kind === "done") last = event;
    await onEvent(event);
  }
  if (!last) throw new Error("the training ended without saying so");
  const scores = last.reason === "interrupted" ? null : await restoreBest(executor, options.out, model, score);
  const manifest = manifestOf(options, data.labels, scores, last, train, dev);
  if (scores) await writeAdapterFolder(options.out, { manifest, ...(await parametersOf(executor, model)) });
  const after = (await openBackbone(backbone.folder)).hash;
  requireUntouched(backbone, after);
  return {
    manifest,
    reason: last.reason,
    scores,
    skipped: { train: train.skipped, dev: dev.skipped },
    backboneHash: { before: backbone.hash, after },
  };
}

async function readData({ train, dev, read }: FactualPretraining) {
  const trainData = await readAllRelations(train, read);
  // The threshold on entity pairs chooses relations by the training data; dev data must not be thinned by its own counts.
  const labels = [...new Set(trainData.examples.map(({ relation }) => relation))].sort();
  const devData = await readAllRelations(dev, { ...read, minEntityPairs: 0 });
  if (!read.minEntityPairs) return { train: trainData, dev: devData, labels };
  const known = new Set(labels);
  const kept = devData.examples.filter(({ relation }) => known.has(relation));
  const dropped = devData.examples.length - kept.length;
  return {
    train: trainData,
    dev: { examples: kept, skipped: { ...devData.skipped, "relation-below-threshold": dropped } },
    labels,
  };
}

function requireExamples(options: FactualPretraining, train: EncodedData, dev: EncodedData): void {
  for (const [where, { examples, skipped }] of [
    [options.train, train],
    [options.dev, dev],
  ] as const) {
    if (examples.length > 0) continue;
    throw userError({
      where,
      what: `none of ${countSkipped(skipped)} examples fits (${JSON.stringify(skipped)})`,
      fix: "raise --max-length",
    });
  }
}

/** What decides the bits of the result: a run can only be continued by one that has all of this in common. */
function identityOf(
  options: FactualPretraining,
  labels: readonly string[],
  train: EncodedData,
): Record<string, string> {
  const { backbone, features, architecture, headInit, maxLength, weightDecay, maxGradNorm } = options;
  const { saveEvery: _, ...settings } = options.settings;
  const data = train.examples.map(({ inputIds, subject, object, label }) => [...inputIds, subject, object, label]);
  const featureDtype = options.featureOptions.dtype;
  const shown = { ...settings, features, featureDtype, headInit, maxLength, weightDecay, maxGradNorm, ...architecture };
  return {
    ...Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, JSON.stringify(value)])),
    backbone: backbone.hash,
    labels: hashJson(labels),
    train: hashJson(data),
  };
}

/** Loads the best parameters and scores them on the dev data once more: what is written is what was measured. */
async function restoreBest(
  executor: Executor,
  out: string,
  model: KnowledgeModel,
  score: () => Promise<ClassificationScores>,
): Promise<ClassificationScores> {
  const source = await openSafetensors(bestFile(out));
  const state: Record<string, Tensors[string]> = {};
  for (const { name } of model.parameters) state[name] = await source.read(name);
  await source.close();
  await executor.setState(state);
  return score();
}

async function parametersOf(
  executor: Executor,
  model: KnowledgeModel,
): Promise<{ adapter: Parameters; head: Parameters }> {
  const state = await executor.getState(model.parameters.map(({ name }) => name));
  const pick = (parameters: KnowledgeModel["parameters"]): Parameters =>
    new Map(parameters.map(({ name, shape }) => [name, { shape, data: floatsOf(state, name) }]));
  return { adapter: pick(model.adapter?.parameters ?? []), head: pick(model.head.parameters) };
}

function manifestOf(
  options: FactualPretraining,
  labels: readonly string[],
  scores: ClassificationScores | null,
  last: Extract<TrainEvent, { kind: "done" }>,
  train: EncodedData,
  dev: EncodedData,
): AdapterManifest {
  const { backbone, features, architecture, maxLength, recipe } = options;
  const metrics = scores
    ? { accuracy: scores.accuracy, microF1: scores.microF1, macroF1: scores.macroF1, loss: scores.loss }
    : {};
  return {
    format: "kadapter/1",
    features,
    architecture,
    hiddenStates: options.featureOptions.dtype,
    backbone: backboneIdentity(backbone),
    task: { name: relationTask, labels: [...labels], maxLength },
    recipe,
    metrics: {
      ...metrics,
      bestStep: last.bestStep,
      steps: last.step,
      trainExamples: train.examples.length,
      devExamples: dev.examples.length,
      skipped: countSkipped(train.skipped) + countSkipped(dev.skipped),
    },
  };
}

function requireUntouched({ folder, hash }: BackboneFolder, after: string): void {
  if (hash === after) return;
  throw userError({
    where: folder,
    what: "the backbone's files changed while the adapter was trained",
    fix: "restore them and train again",
  });
}

/** Removes what an earlier run left, for a fresh start in the same folder. */
export async function removeEarlierRun(out: string): Promise<void> {
  await rm(checkpointFolder(out), { recursive: true, force: true });
}
