import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type AdapterManifest, type KAdapterConfig, type Parameters, writeAdapterFolder } from "../adapters/index.js";
import type { ReadRelationsOptions } from "../data/index.js";
import { userError } from "../errors.js";
import type { Parameter } from "../graph/index.js";
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
  type RelationModel,
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
  readonly headLearningRate: number;
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

type DoneEvent = Extract<TrainEvent, { kind: "done" }>;

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
  const setup = await prepare(options);
  const sessions = await openSessions(executor, options, setup, onEvent, signal);
  try {
    const last = await train(executor, options, setup, sessions, onEvent, signal);
    const scores =
      last.reason === "interrupted" ? null : await restoreBest(executor, options.out, setup.model, sessions);
    const manifest = manifestOf(options, setup, scores, last);
    if (scores) await writeAdapterFolder(options.out, { manifest, ...(await parametersOf(executor, setup.model)) });
    const { folder, hash: before } = options.backbone;
    const { hash: after } = await openBackbone(folder);
    if (after !== before) throw touched(folder);
    const skipped = { train: setup.train.skipped, dev: setup.dev.skipped };
    return { manifest, reason: last.reason, scores, skipped, backboneHash: { before, after } };
  } finally {
    await sessions.close();
  }
}

/** Data as token ids, and the model for it. */
interface Setup extends RelationModel {
  readonly labels: readonly string[];
  readonly train: EncodedData;
  readonly dev: EncodedData;
}

async function prepare(options: FactualPretraining): Promise<Setup> {
  const data = await readData(options);
  const { labels } = data;
  const made = makeRelationModel({ ...options, labels, featureDtype: options.featureOptions.dtype });
  const train = encodeRelations(made.task, data.train.examples, data.train.skipped);
  const dev = encodeRelations(made.task, data.dev.examples, data.dev.skipped);
  requireExamples(options, train, dev);
  return { ...made, labels, train, dev };
}

interface Sessions {
  readonly training: TrainingSession<EncodedRelation>;
  /** Scores the current parameters on the dev data. */
  score(): Promise<ClassificationScores>;
  close(): Promise<void>;
}

type OnEvent = (event: TrainEvent) => Promise<void> | void;

/** Opens the hidden states of both data sets (filling their caches), the training step and the prediction. */
async function openSessions(
  executor: Executor,
  options: FactualPretraining,
  { task, model, train, dev }: Setup,
  onEvent: OnEvent,
  signal?: AbortSignal,
): Promise<Sessions> {
  const { backbone, settings, maxLength } = options;
  const featureOptions = { ...(await cacheable(options, onEvent)), ...(signal ? { signal } : {}) };
  const open = async (data: EncodedData, what: string): Promise<SessionOptions<EncodedRelation>> => {
    const layers = model.neededLayers;
    const features = await openFeatures(executor, backbone, layers, data.examples, what, featureOptions, onEvent);
    return { executor, features, padTokenId: backbone.config.padTokenId, model, task, maxLength };
  };
  const forTraining = await open(train, "train");
  const forDev = await open(dev, "dev");
  const optimizer = { ...adamWDefaults, weightDecay: options.weightDecay, maxGradNorm: options.maxGradNorm };
  const prediction = await PredictionSession.open(forDev);
  return {
    training: await TrainingSession.open(forTraining, optimizer, {
      accumulation: settings.gradientAccumulation > 1,
      rateScale: headRateScale(model, options.headLearningRate / settings.learningRate),
    }),
    score: async () => {
      const logits = await predictAll(prediction, dev.examples, 2 * settings.batchSize);
      return task.score(dev.examples.map((encoded, i) => ({ encoded, logits: logits[i] as Float32Array })));
    },
    close: async () => {
      await forTraining.features.close();
      await forDev.features.close();
    },
  };
}

/** A head maps what is there already and bears a higher rate than the adapter's layers, which are learnt from nothing. */
function headRateScale({ head }: KnowledgeModel, scale: number): (parameter: Parameter) => number {
  const names = new Set(head.parameters.map(({ name }) => name));
  return ({ name }) => (names.has(name) ? scale : 1);
}

/** A cache holds no padding, and an adapter that attends to padding reads what the backbone computes there. */
async function cacheable(options: FactualPretraining, onEvent: OnEvent): Promise<FeatureOptions> {
  const { features, architecture, featureOptions } = options;
  const readsPadding = features === "adapter" && !architecture.maskPadding;
  if (!readsPadding || featureOptions.cache === null) return featureOptions;
  await onEvent({ kind: "note", text: "padding is attended, so hidden states are not cached" });
  return { ...featureOptions, cache: null };
}

async function train(
  executor: Executor,
  options: FactualPretraining,
  { labels, model, train }: Setup,
  { training, score }: Sessions,
  onEvent: OnEvent,
  signal?: AbortSignal,
): Promise<DoneEvent> {
  const trainer = new Trainer<EncodedRelation>({
    session: training,
    settings: options.settings,
    train: train.examples,
    evaluate: async () => {
      const { accuracy, microF1, macroF1, loss } = await score();
      return { metrics: { accuracy, microF1, macroF1, loss }, metric: accuracy };
    },
    keepBest: async (parameters) => writeSafetensors(bestFile(options.out), Object.entries(await parameters())),
    readState: (slots) => executor.getState(slots),
    checkpoints: checkpointFolder(options.out),
    identity: identityOf(options, labels, train),
    resume: options.resume,
    parameters: model.parameters.map(({ name }) => name),
    parameterCount: model.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
  let last: DoneEvent | null = null;
  for await (const event of trainer.run(signal)) {
    if (event.kind === "done") last = event;
    await onEvent(event);
  }
  if (!last) throw new Error("the training ended without saying so");
  return last;
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
  const { backbone, features, architecture, headInit, maxLength, headLearningRate, weightDecay, maxGradNorm } = options;
  const { saveEvery: _, ...settings } = options.settings;
  const data = train.examples.map(({ inputIds, subject, object, label }) => [...inputIds, subject, object, label]);
  const featureDtype = options.featureOptions.dtype;
  const optimizer = { headLearningRate, weightDecay, maxGradNorm };
  const shown = { ...settings, features, featureDtype, headInit, maxLength, ...optimizer, ...architecture };
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
  { score }: Sessions,
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
  { labels, train, dev }: Setup,
  scores: ClassificationScores | null,
  last: DoneEvent,
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

function touched(folder: string): Error {
  return userError({
    where: folder,
    what: "the backbone's files changed while the adapter was trained",
    fix: "restore them and train again",
  });
}

/** Removes what an earlier run left, for a fresh start in the same folder. */
export async function removeEarlierRun(out: string): Promise<void> {
  await rm(checkpointFolder(out), { recursive: true, force: true });
}
