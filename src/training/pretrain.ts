import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type FeatureKind, holdsAdapter, type KAdapterConfig } from "../adapters/config.js";
import { type AdapterManifest, type Parameters, writeAdapterFolder } from "../adapters/folder.js";
import type { DoneEvent, TrainEvent } from "../engine/events.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { userError } from "../errors.js";
import { type FeatureOptions, openFeatures } from "../features/features.js";
import { type BackboneHandle, openBackbone } from "../features/frozen-backbone.js";
import type { KnowledgeModel } from "../models/knowledge-model.js";
import type { EncodedText, HeadInit, JsonObject, TaskKind, TaskSettings } from "../tasks/task.js";
import { type EncodedData, type ExampleSet, encodeFitting, hashExamples, type SkipCounts } from "../tasks/task-data.js";
import { elementCount, float32Tensor, floatsOf } from "../tensor.js";
import { hashJson } from "../weights/hash.js";
import { readSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { adamWDefaults } from "./adamw.js";
import { backboneStart } from "./backbone-start.js";
import { PredictionSession, type SessionOptions, TrainingSession, textsOf } from "./session.js";
import { headRateScale } from "./step.js";
import { makeTaskModel, neededStates, type TaskModel } from "./task-model.js";
import { predictAll, Trainer, type TrainerSettings } from "./trainer.js";
import { asStored, trainingRecord } from "./training-record.js";

/** How an adapter is trained, whatever it learns. */
export interface TrainingConfig {
  readonly backbone: BackboneHandle;
  readonly out: string;
  readonly features: FeatureKind;
  readonly architecture: KAdapterConfig;
  readonly headInit: HeadInit;
  readonly featureOptions: FeatureOptions;
  readonly maxLength: number;
  readonly settings: TrainerSettings;
  readonly headLearningRate: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  /** Only the head learns: what a random adapter is worth. */
  readonly freezeAdapter: boolean;
  /** Every sentence padded to `maxLength`, as in the released code; by default to the longest of its batch. */
  readonly fixedWidth?: boolean;
  readonly resume: boolean;
  /** An adapter that is trained further; by default it starts anew. */
  readonly start?: { readonly parameters: Parameters; readonly hash: string };
  /** Stored in the adapter's folder. */
  readonly recipe: JsonObject;
}

/** What is learnt, and from what. */
export interface TaskData<Example, Encoded extends EncodedText, Score> {
  readonly kind: TaskKind<Example, Encoded, Score>;
  readonly settings: TaskSettings;
  readonly train: ExampleSet<Example>;
  readonly dev: ExampleSet<Example>;
}

export interface PretrainResult<Score> {
  readonly manifest: AdapterManifest;
  readonly reason: "completed" | "early-stop" | "interrupted";
  /** On the dev data; null for a training that was interrupted. */
  readonly scores: Score | null;
  readonly skipped: { readonly train: SkipCounts; readonly dev: SkipCounts };
  /** SHA-256 of the backbone's weights before and after. */
  readonly backboneHash: { readonly before: string; readonly after: string };
}

/** Where a run keeps what is not part of the finished adapter. */
export const checkpointFolder = (out: string): string => join(out, "checkpoints");
const bestFile = (out: string) => join(out, "checkpoints", "best.safetensors");

/**
 * Pre-trains an adapter on a task beside a frozen backbone (K-Adapter §3), and writes its folder: the parameters that
 * were best on the dev data.
 *
 * @param onEvent told of every step, evaluation and checkpoint
 * @param signal stops after the step under way and leaves a checkpoint
 */
export async function pretrain<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  plan: TrainingConfig,
  taskData: TaskData<Example, Encoded, Score>,
  onEvent: OnEvent = () => undefined,
  signal?: AbortSignal,
): Promise<PretrainResult<Score>> {
  const setup = prepare(plan, taskData);
  const sessions = await openSessions(executor, plan, setup, onEvent, signal);
  try {
    const last = await train(executor, plan, setup, sessions, onEvent, signal);
    const scores = last.reason === "interrupted" ? null : await restoreBest(executor, plan.out, setup.model, sessions);
    const manifest = manifestOf(plan, setup, scores === null ? {} : setup.task.evaluation(scores).metrics, last);
    if (scores !== null) {
      await writeAdapterFolder(plan.out, { manifest, ...(await parametersOf(executor, setup.model)) });
    }
    const { folder, hash: before } = plan.backbone;
    const { hash: after } = await openBackbone(folder);
    if (after !== before) throw touched(folder);
    const skipped = { train: setup.train.skipped, dev: setup.dev.skipped };
    return { manifest, reason: last.reason, scores, skipped, backboneHash: { before, after } };
  } finally {
    await sessions.close();
  }
}

/** Data as token ids, and the model for it. */
interface Setup<Example, Encoded extends EncodedText, Score> extends TaskModel<Example, Encoded, Score> {
  readonly kind: TaskKind<Example, Encoded, Score>;
  readonly settings: TaskSettings;
  readonly train: EncodedData<Encoded>;
  readonly dev: EncodedData<Encoded>;
}

function prepare<Example, Encoded extends EncodedText, Score>(
  plan: TrainingConfig,
  { kind, settings, ...data }: TaskData<Example, Encoded, Score>,
): Setup<Example, Encoded, Score> {
  const made = makeTaskModel(kind, settings, { ...plan, featureDtype: plan.featureOptions.dtype });
  const encode = (set: ExampleSet<Example>) => encodeFitting(made.task, plan.backbone.tokenizer, set);
  return { ...made, kind, settings, train: encode(data.train), dev: encode(data.dev) };
}

interface Sessions<Encoded extends EncodedText, Score> {
  readonly training: TrainingSession<Encoded>;
  /** Scores the current parameters on the dev data. */
  score(): Promise<Score>;
  close(): Promise<void>;
}

type OnEvent = (event: TrainEvent) => Promise<void> | void;

/** Opens the hidden states of both data sets (filling their caches), the training step and the prediction. */
async function openSessions<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  plan: TrainingConfig,
  { task, model, train, dev }: Setup<Example, Encoded, Score>,
  onEvent: OnEvent,
  signal?: AbortSignal,
): Promise<Sessions<Encoded, Score>> {
  const { backbone, settings, maxLength, fixedWidth = false } = plan;
  const featureOptions = { ...(await cacheable(plan, onEvent)), ...(signal ? { signal } : {}) };
  const open = async (data: EncodedData<Encoded>, what: string): Promise<SessionOptions<Encoded>> => {
    const needed = neededStates({ task, model });
    const features = await openFeatures(executor, backbone, needed, data.examples, what, featureOptions, onEvent);
    const given = async () => startTensors(plan, model);
    const padTokenId = backbone.config.padTokenId;
    return { executor, features, padTokenId, model, task, maxLength, fixedWidth, given };
  };
  const forTraining = await open(train, "train");
  const forDev = await open(dev, "dev");
  const optimizer = { ...adamWDefaults, weightDecay: plan.weightDecay, maxGradNorm: plan.maxGradNorm };
  const prediction = await PredictionSession.open(forDev);
  return {
    training: await TrainingSession.open(forTraining, optimizer, {
      accumulation: settings.gradientAccumulation > 1,
      rateScale: headRateScale(model.head.parameters, plan.headLearningRate / settings.learningRate),
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

/** Start values that are given: an adapter's that is trained further, or the backbone's. */
async function startTensors(
  { start, backbone, architecture }: TrainingConfig,
  model: KnowledgeModel,
): Promise<Tensors> {
  if (!start) return backboneStart(backbone, architecture, model.adapter?.parameters ?? []);
  const parameters = [...start.parameters];
  // Copies: what is handed to an executor may be moved there.
  return Object.fromEntries(parameters.map(([name, { shape, data }]) => [name, float32Tensor(shape, data.slice())]));
}

/** A cache holds no padding, and an adapter that attends to padding reads what the backbone computes there. */
async function cacheable(plan: TrainingConfig, onEvent: OnEvent): Promise<FeatureOptions> {
  const { features, architecture, featureOptions } = plan;
  const readsPadding = holdsAdapter(features) && !architecture.maskPadding;
  if (!readsPadding || featureOptions.cache === null) return featureOptions;
  await onEvent({ kind: "note", text: "padding is attended, so hidden states are not cached" });
  return { ...featureOptions, cache: null };
}

async function train<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  plan: TrainingConfig,
  setup: Setup<Example, Encoded, Score>,
  { training, score }: Sessions<Encoded, Score>,
  onEvent: OnEvent,
  signal?: AbortSignal,
): Promise<DoneEvent> {
  const { model, task } = setup;
  const trainer = new Trainer<Encoded>({
    session: training,
    settings: plan.settings,
    train: setup.train.examples,
    texts: (example) => textsOf(task, example),
    evaluate: async () => task.evaluation(await score()),
    keepBest: async (parameters) => writeSafetensors(bestFile(plan.out), Object.entries(await parameters())),
    readState: (slots) => executor.getState(slots),
    checkpoints: checkpointFolder(plan.out),
    identity: identityOf(plan, setup),
    resume: plan.resume,
    parameters: model.parameters.map(({ name }) => name),
    parameterCount: model.trainable.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
  return trainer.finish(onEvent, signal);
}

/** What decides the bits of the result: a run can only be continued by one that has all of this in common. */
function identityOf<Example, Encoded extends EncodedText, Score>(
  plan: TrainingConfig,
  { kind, settings: learnt, task, train }: Setup<Example, Encoded, Score>,
): Record<string, string> {
  const { backbone, features, architecture, headInit, maxLength } = plan;
  const { headLearningRate, weightDecay, maxGradNorm, freezeAdapter } = plan;
  const { saveEvery: _, ...settings } = plan.settings;
  const { dtype: featureDtype, precision: backbonePrecision = "float32" } = plan.featureOptions;
  const optimizer = { headLearningRate, weightDecay, maxGradNorm, freezeAdapter };
  const read = { features, featureDtype, backbonePrecision };
  const shown = { ...settings, ...read, headInit, maxLength, ...optimizer, ...architecture };
  return {
    ...(plan.fixedWidth ? { fixedWidth: "true" } : {}),
    ...Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, JSON.stringify(value)])),
    backbone: backbone.hash,
    configuration: backbone.configHash,
    ...(plan.start ? { start: plan.start.hash } : {}),
    task: `${kind.name} ${JSON.stringify(learnt.options)}`,
    labels: hashJson(learnt.labels),
    train: hashExamples(task, train.examples),
  };
}

/** Loads the best parameters and scores them on the dev data once more: what is written is what was measured. */
async function restoreBest<Encoded extends EncodedText, Score>(
  executor: Executor,
  out: string,
  model: KnowledgeModel,
  { score }: Sessions<Encoded, Score>,
): Promise<Score> {
  const names = model.parameters.map(({ name }) => name);
  await executor.setState(await readSafetensors(bestFile(out), names));
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

function manifestOf<Example, Encoded extends EncodedText, Score>(
  plan: TrainingConfig,
  setup: Setup<Example, Encoded, Score>,
  metrics: Readonly<Record<string, number>>,
  last: DoneEvent,
): AdapterManifest {
  return asStored({
    format: "kadapter/1",
    features: plan.features,
    architecture: plan.architecture,
    ...trainingRecord(plan, setup, plan.fixedWidth === true, metrics, last),
  });
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
