import type { AdapterManifest } from "../adapters/adapter-manifest.js";
import { holdsAdapter } from "../adapters/config.js";
import { type Parameters, writeAdapterFolder } from "../adapters/folder.js";
import type { Metrics } from "../engine/events.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { type FeatureOptions, type FilledCache, fillFeatures, openFeatures } from "../features/features.js";
import type { AdaptedModel } from "../models/adapted-model.js";
import { pretrainingDesign } from "../models/design.js";
import type { Part } from "../part.js";
import type { StoredData } from "../tasks/encoded-examples.js";
import type { EncodedText, TaskKind, TaskSettings } from "../tasks/task.js";
import type { ExampleSet, SkipCounts, TaskData } from "../tasks/task-data.js";
import { float32Tensor } from "../tensor.js";
import { backboneStart } from "./backbone-start.js";
import { optimizerOf, type TrainingConfig } from "./config.js";
import { leavesOn, openStepSession } from "./leaf-session.js";
import {
  type EndedRun,
  encodeForTraining,
  type FillableTraining,
  fillForTraining,
  type OnEvent,
  type OpenTraining,
  type RunContext,
  readParameters,
  runTraining,
  scoreOf,
} from "./run.js";
import { PredictionSession, type SessionOptions } from "./session.js";
import { headRateScale } from "./step.js";
import { frozenTensors, makeTaskModel, neededStates, type TaskModel } from "./task-model.js";
import { stored } from "./trainer.js";
import { asStored, learntIdentity, trainingRecord } from "./training-record.js";

export interface PretrainResult<Score> {
  readonly manifest: AdapterManifest;
  /** The manifest's. */
  readonly metrics: Metrics;
  readonly reason: "completed" | "early-stop" | "interrupted";
  /** Scores on the dev data; null for a training that was interrupted. */
  readonly scores: Score | null;
  readonly skipped: { readonly train: SkipCounts; readonly dev: SkipCounts };
  /** SHA-256 of the backbone's weights before and after. */
  readonly backboneHash: { readonly before: string; readonly after: string };
}

/**
 * Pre-trains an adapter on a task beside a frozen backbone (K-Adapter §3), and writes its folder: the parameters that
 * were best on the dev data.
 *
 * @param onEvent told of every step, evaluation and checkpoint
 * @param signal stops after the step under way and leaves a checkpoint
 */
export function pretrain<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  config: TrainingConfig,
  data: TaskData<Example, Encoded, Score>,
  onEvent?: OnEvent,
  signal?: AbortSignal,
): Promise<PretrainResult<Score>> {
  return runTraining(executor, config, preparation(config, data), onEvent, signal);
}

/**
 * Computes and keeps the hidden states that {@link pretrain} with the same arguments reads, or a part of them: parts are
 * for processes on many machines that share the cache's folder.
 *
 * @throws UserError where such a training keeps none
 */
export function fillPretraining<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  config: TrainingConfig,
  data: TaskData<Example, Encoded, Score>,
  part?: Part,
  onEvent?: OnEvent,
  signal?: AbortSignal,
): Promise<readonly FilledCache[]> {
  return fillForTraining(executor, preparation(config, data), part, onEvent, signal);
}

/** What is known of an adapter's training before anything is computed. */
function preparation<Example, Encoded extends EncodedText, Score>(
  config: TrainingConfig,
  data: TaskData<Example, Encoded, Score>,
) {
  return async (context: RunContext): Promise<FillableTraining<Encoded, Score, PretrainResult<Score>>> => {
    const setup = await pretrainingSetup(context, config, data);
    return {
      data: learntData(setup),
      open: () => openPretraining(context, config, setup),
      fill: (part) => fillSources(context, config, setup, part),
    };
  };
}

/** Encodes the data of an adapter's training, which stay on disk until it ends, and makes the model that learns them. */
export async function pretrainingSetup<Example, Encoded extends EncodedText, Score>(
  context: Pick<RunContext, "keep" | "signal">,
  config: TrainingConfig,
  { kind, settings, train, dev }: TaskData<Example, Encoded, Score>,
  headScope?: string,
): Promise<PretrainingSetup<Example, Encoded, Score>> {
  const { backbone, architecture, maxLength, headInit, featureOptions } = config;
  const design = pretrainingDesign({ ...config, adapter: architecture });
  const how = { maxLength, headInit, dropout: architecture.dropout, featureDtype: featureOptions.dtype };
  const scope = headScope === undefined ? {} : { headScope };
  const made = makeTaskModel(kind, settings, { backbone, design, ...how, ...scope });
  const encode = (set: ExampleSet<Example>) => encodeForTraining(context, made.task, backbone.tokenizer, set);
  return { ...made, kind, settings, train: await encode(train), dev: await encode(dev) };
}

/** What a run's identity says of its data. */
export const learntData = <Example, Encoded extends EncodedText, Score>(
  setup: PretrainingSetup<Example, Encoded, Score>,
) => ({
  ...learntIdentity(setup),
  train: setup.train.examples.hashes.examples,
  dev: setup.dev.examples.hashes.examples,
});

/** Data as token ids, and the model for it. */
export interface PretrainingSetup<Example, Encoded extends EncodedText, Score>
  extends TaskModel<Example, Encoded, Score> {
  readonly kind: TaskKind<Example, Encoded, Score>;
  readonly settings: TaskSettings;
  readonly train: StoredData<Encoded>;
  readonly dev: StoredData<Encoded>;
}

async function openPretraining<Example, Encoded extends EncodedText, Score>(
  context: RunContext,
  config: TrainingConfig,
  setup: PretrainingSetup<Example, Encoded, Score>,
): Promise<OpenTraining<Encoded, Score, PretrainResult<Score>>> {
  const { backbone, settings } = config;
  const { task, model, train, dev } = setup;
  const { session, prediction } = await openSessions(context, config, setup);
  const score = () => scoreOf(task, prediction, dev.examples, 2 * settings.batchSize, context.ranks);
  return {
    ...{ session, backbone, score, train: stored(train.examples), trainable: model.trainable },
    parameters: model.storedParameters,
    evaluate: async () => task.evaluation(await score()),
    finish: (ended) => finishPretraining(context, config, setup, ended),
  };
}

/** Opens the hidden states of both data sets (filling their caches), the training step and the prediction. */
export async function openSessions<Example, Encoded extends EncodedText, Score>(
  context: RunContext,
  config: TrainingConfig,
  setup: PretrainingSetup<Example, Encoded, Score>,
) {
  const { settings, headLearningRate } = config;
  const sources = await sourceOpener(context, config, setup);
  const forTraining = await sources(setup.train, "train");
  const prediction = await PredictionSession.open(await sources(setup.dev, "dev"));
  const session = await openStepSession(forTraining, optimizerOf(config), {
    ranks: leavesOn(settings, context.ranks),
    accumulation: settings.gradientAccumulation > 1,
    rateScale: headRateScale(setup.model.taskParameters, headLearningRate / settings.learningRate),
  });
  return { session, prediction, given: forTraining.given };
}

/** Opens the hidden states of a data set that a session is fed. */
async function sourceOpener<Example, Encoded extends EncodedText, Score>(
  { executor, onEvent, signal, keep }: RunContext,
  config: TrainingConfig,
  { task, model }: PretrainingSetup<Example, Encoded, Score>,
): Promise<(data: StoredData<Encoded>, what: string) => Promise<SessionOptions<Encoded>>> {
  const { backbone, maxLength, fixedWidth = false } = config;
  const options = { ...(await cacheable(config, onEvent)), ...(signal ? { signal } : {}) };
  const needed = neededStates({ task, model });
  const given = async () => ({ ...(await startTensors(config, model)), ...(await frozenTensors(backbone, model)) });
  const { padTokenId } = backbone.config;
  return async ({ examples }, what) => {
    const features = keep(await openFeatures(executor, backbone, needed, examples, what, options, onEvent));
    return { executor, features, padTokenId, model, task, maxLength, fixedWidth, given };
  };
}

/** Fills the caches that {@link sourceOpener} opens. */
async function fillSources<Example, Encoded extends EncodedText, Score>(
  { executor, onEvent, signal }: RunContext,
  config: TrainingConfig,
  { task, model, train, dev }: PretrainingSetup<Example, Encoded, Score>,
  part: Part | undefined,
): Promise<readonly FilledCache[]> {
  const options = { ...(await cacheable(config, onEvent)), ...(signal ? { signal } : {}), ...(part ? { part } : {}) };
  const needed = neededStates({ task, model });
  const filled: FilledCache[] = [];
  for (const [what, { examples }] of Object.entries({ train, dev })) {
    filled.push(await fillFeatures(executor, config.backbone, needed, examples, what, options, onEvent));
  }
  return filled;
}

/** Given start values: those of an adapter that is trained further, or the backbone's. */
async function startTensors({ start, backbone, architecture }: TrainingConfig, model: AdaptedModel): Promise<Tensors> {
  if (!start) return backboneStart(backbone, architecture, model.adapterParameters);
  const parameters = [...start.parameters];
  // Copies: what is handed to an executor may be moved there.
  return Object.fromEntries(parameters.map(([name, { shape, data }]) => [name, float32Tensor(shape, data.slice())]));
}

/** A cache holds no padding, and an adapter that attends to padding reads what the backbone computes there. */
async function cacheable(
  { features, architecture, featureOptions }: TrainingConfig,
  onEvent: OnEvent,
): Promise<FeatureOptions> {
  const readsPadding = holdsAdapter(features) && !architecture.maskPadding;
  if (!readsPadding || featureOptions.cache === null) return featureOptions;
  await onEvent({ kind: "note", text: "padding is attended, so hidden states are not cached" });
  return { ...featureOptions, cache: null };
}

/**
 * Writes an adapter's folder, if its training was not interrupted.
 *
 * @param more scores beside the task's own
 */
export async function finishPretraining<Example, Encoded extends EncodedText, Score>(
  { executor, ranks }: RunContext,
  config: TrainingConfig,
  setup: PretrainingSetup<Example, Encoded, Score>,
  { last, scores, backboneHash }: EndedRun<Score>,
  more: Metrics = {},
): Promise<PretrainResult<Score>> {
  const { task, model, train, dev } = setup;
  const scored = scores === null ? {} : { ...task.evaluation(scores).metrics, ...more };
  const record = trainingRecord(config, setup, config.fixedWidth === true, scored, last);
  const manifest: AdapterManifest = asStored({
    format: "kadapter/1",
    features: config.features,
    architecture: config.architecture,
    ...record,
  });
  if (scores !== null && ranks.rank === 0) {
    const adapter: Parameters = await readParameters(executor, model.adapterParameters);
    const head = await readParameters(executor, model.taskParameters);
    const { subjects, wordings } = setup.settings;
    const lists = { ...(subjects ? { subjects } : {}), ...(wordings ? { wordings } : {}) };
    await writeAdapterFolder(config.out, { manifest, adapter, head, ...lists });
  }
  const skipped = { train: train.skipped, dev: dev.skipped };
  return { manifest, metrics: record.metrics, reason: last.reason, scores, skipped, backboneHash };
}
