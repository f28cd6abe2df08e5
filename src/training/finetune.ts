import { adapterScope } from "../adapters/adapter-set.js";
import { type DownstreamManifest, writeDownstreamFolder } from "../adapters/downstream-folder.js";
import type { Metrics } from "../engine/events.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { setting, userError } from "../errors.js";
import { openAdapterOutputs, tapsOf } from "../features/adapter-outputs.js";
import { readBackboneTensors } from "../features/backbone-handle.js";
import { type FeatureSource, JoinedFeatures } from "../features/feature-sources.js";
import { backboneOptions, type FilledCache, fillFeatures, openFeatures } from "../features/features.js";
import type { AdaptedModel } from "../models/adapted-model.js";
import { downstreamDesign, trainsBackbone } from "../models/design.js";
import type { Part } from "../part.js";
import type { StoredData, Texts } from "../tasks/encoded-examples.js";
import type { EncodedText, TaskKind, TaskSettings } from "../tasks/task.js";
import type { DownstreamTaskData, ExampleSet, SkipCounts } from "../tasks/task-data.js";
import { float32Tensor } from "../tensor.js";
import { type FinetuneConfig, optimizerOf } from "./config.js";
import { HostLossSession } from "./host-loss-session.js";
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
import { PredictionSession, type SessionOptions, type StepSession } from "./session.js";
import { headRateScale } from "./step.js";
import { frozenTensors, makeTaskModel, streamed, type TaskModel } from "./task-model.js";
import { stored } from "./trainer.js";
import { asStored, learntIdentity, trainingRecord } from "./training-record.js";

export interface FinetuneResult<Score> {
  readonly manifest: DownstreamManifest;
  /** The manifest's. */
  readonly metrics: Metrics;
  readonly reason: "completed" | "early-stop" | "interrupted";
  /** Null for a training that was interrupted. */
  readonly dev: Score | null;
  readonly test: Score | null;
  readonly skipped: { readonly train: SkipCounts; readonly dev: SkipCounts; readonly test: SkipCounts };
  /** SHA-256 of the backbone's files before and after. */
  readonly backboneHash: { readonly before: string; readonly after: string };
}

interface Setup<Example, Encoded extends EncodedText, Score> extends TaskModel<Example, Encoded, Score> {
  readonly kind: TaskKind<Example, Encoded, Score>;
  readonly settings: TaskSettings;
  readonly train: StoredData<Encoded>;
  readonly dev: StoredData<Encoded>;
  readonly test: StoredData<Encoded> | null;
}

/** Scores on the dev and the test data. */
interface Scores<Score> {
  readonly dev: Score;
  readonly test: Score | null;
}

/**
 * Fine-tunes a backbone with adapters on a downstream task (K-Adapter §3.5 and §4) and writes the model's folder: the
 * parameters that were best on the dev data.
 *
 * @param onEvent told of every step, evaluation and checkpoint
 * @param signal stops after the step under way and leaves a checkpoint
 */
export function finetune<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  config: FinetuneConfig,
  data: DownstreamTaskData<Example, Encoded, Score>,
  onEvent?: OnEvent,
  signal?: AbortSignal,
): Promise<FinetuneResult<Score>> {
  return runTraining(executor, config, preparation(config, data), onEvent, signal);
}

/**
 * Computes and keeps the hidden states that {@link finetune} with the same arguments reads, or a part of them; the
 * frozen adapters' outputs are computed from them by the first training.
 *
 * @throws UserError where such a training keeps none, as one that trains the backbone
 */
export function fillFinetuning<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  config: FinetuneConfig,
  data: DownstreamTaskData<Example, Encoded, Score>,
  part?: Part,
  onEvent?: OnEvent,
  signal?: AbortSignal,
): Promise<readonly FilledCache[]> {
  return fillForTraining(executor, preparation(config, data), part, onEvent, signal);
}

/** What is known of a downstream training before anything is computed. */
function preparation<Example, Encoded extends EncodedText, Score>(
  config: FinetuneConfig,
  { kind, settings, train, dev, test }: DownstreamTaskData<Example, Encoded, Score>,
) {
  return async (context: RunContext): Promise<FillableTraining<Encoded, Scores<Score>, FinetuneResult<Score>>> => {
    const design = downstreamDesign({ ...config, fedOutputs: keepsOutputs(config) });
    const featureDtype = config.featureOptions.dtype;
    const made = makeTaskModel(kind, settings, { ...config, design, featureDtype });
    if (made.task.hostLoss && leavesOn(config.settings, context.ranks)) throw leavesRefused();
    const encode = (set: ExampleSet<Example>) => encodeForTraining(context, made.task, config.backbone.tokenizer, set);
    const sets = { train: await encode(train), dev: await encode(dev), test: test ? await encode(test) : null };
    const setup = { ...made, kind, settings, ...sets };
    return {
      data: {
        ...learntIdentity({ kind, settings }),
        ...(fixedWidth(config) ? { fixedWidth: "true" } : {}),
        train: sets.train.examples.hashes.both,
        dev: sets.dev.examples.hashes.both,
      },
      open: () => openFinetuning(context, config, setup),
      fill: (part) => fillSources(context, config, setup, part),
    };
  };
}

async function openFinetuning<Example, Encoded extends EncodedText, Score>(
  context: RunContext,
  config: FinetuneConfig,
  setup: Setup<Example, Encoded, Score>,
): Promise<OpenTraining<Encoded, Scores<Score>, FinetuneResult<Score>>> {
  const { backbone, settings } = config;
  const { task, model, train, dev, test } = setup;
  const { signal } = context;
  if (fixedWidth(config)) await context.onEvent({ kind: "note", text: fixedWidthNote(config) });
  const session = await openSession(
    context,
    config,
    setup,
    await sessionOptions(context, config, setup, train, "train"),
  );
  const scorer = async ({ examples }: StoredData<Encoded>, options: SessionOptions<Encoded>) => {
    const prediction = await PredictionSession.open(options);
    return (signal?: AbortSignal) => scoreOf(task, prediction, examples, 2 * settings.batchSize, context.ranks, signal);
  };
  const scoreDev = await scorer(dev, await sessionOptions(context, config, setup, dev, "dev"));
  const scoreTest = test ? await scorer(test, await sessionOptions(context, config, setup, test, "test")) : null;
  return {
    ...{ session, backbone, train: stored(train.examples), parameters: model.parameters, trainable: model.trainable },
    // Not to be stopped in the middle: the steps before it would not be saved.
    evaluate: async () => task.evaluation(await scoreDev()),
    score: async () => ({ dev: await scoreDev(signal), test: scoreTest ? await scoreTest(signal) : null }),
    finish: (ended) => finish(context, config, setup, ended),
  };
}

async function openSession<Example, Encoded extends EncodedText, Score>(
  { ranks }: RunContext,
  config: FinetuneConfig,
  { model, task }: Setup<Example, Encoded, Score>,
  options: SessionOptions<Encoded>,
): Promise<StepSession<Encoded>> {
  const { settings, headLearningRate } = config;
  const optimizer = { ...optimizerOf(config), epsilon: config.adamEpsilon };
  const { backboneParameters: backbone, trainable } = model;
  const variants = {
    rateScale: headRateScale(model.taskParameters, headLearningRate / settings.learningRate),
    // The released scripts clip the backbone's and the task model's gradients separately.
    clipGroups: { backbone, task_model: trainable.filter((parameter) => !backbone.includes(parameter)) },
  };
  const leaves = leavesOn(settings, ranks);
  if (task.hostLoss) return HostLossSession.open(options, optimizer, variants);
  const accumulation = settings.gradientAccumulation > 1;
  return openStepSession(options, optimizer, { ...variants, accumulation, ranks: leaves });
}

const leavesRefused = () =>
  userError({
    where: setting("leaves"),
    what: "the loss of this task spans more texts than one batch: its steps are no sums of leaves",
    fix: "leave it out",
  });

/** What a session of a data set is made with; opens what it is fed. */
async function sessionOptions<Example, Encoded extends EncodedText, Score>(
  context: RunContext,
  config: FinetuneConfig,
  setup: Setup<Example, Encoded, Score>,
  data: StoredData<Encoded>,
  what: string,
): Promise<SessionOptions<Encoded>> {
  const { backbone, maxLength, trains, adapters } = config;
  const { model, task } = setup;
  const { padTokenId } = backbone.config;
  const features = context.keep(await openSource(context, config, setup, data.examples.texts, what));
  const given = async (): Promise<Tensors> => ({
    ...(trainsBackbone(trains) ? await startBackbone(config) : {}),
    ...adapterTensors(adapters),
    ...(await frozenTensors(backbone, model)),
  });
  const { executor } = context;
  return { executor, features, padTokenId, model, task, maxLength, fixedWidth: fixedWidth(config), given };
}

/** Hidden states (or tokens) of texts, and the frozen adapters' outputs for them. */
async function openSource<Example, Encoded extends EncodedText, Score>(
  { executor, signal, onEvent, keep }: RunContext,
  { backbone, featureOptions, trains, adapters }: FinetuneConfig,
  { task, model }: Setup<Example, Encoded, Score>,
  texts: Texts<EncodedText>,
  what: string,
): Promise<FeatureSource<EncodedText>> {
  const { cache, dtype } = featureOptions;
  if (cache === null || !keepsStates(trains, model)) {
    return streamed(executor, backbone, { task, model }, { ...backboneOptions(featureOptions), dtype });
  }
  const own = { ...featureOptions, cache, ...(signal ? { signal } : {}) };
  const states = await openFeatures(executor, backbone, { layers: model.neededLayers }, texts, what, own, onEvent);
  if (model.options.outputs !== "fed") return states;
  keep(states);
  const outputs = await openAdapterOutputs(executor, backbone, adapters, texts, what, own, onEvent);
  return new JoinedFeatures([states, outputs]);
}

/** Whether hidden states are the same in every epoch, and hold all that is read. */
const keepsStates = (trains: FinetuneConfig["trains"], model: AdaptedModel): boolean =>
  !trainsBackbone(trains) && !model.adapters.readsPadding;

/** Fills the caches of hidden states that {@link openSource} opens. */
async function fillSources<Example, Encoded extends EncodedText, Score>(
  { executor, signal, onEvent }: RunContext,
  { backbone, featureOptions, trains, adapters }: FinetuneConfig,
  { model, train, dev, test }: Setup<Example, Encoded, Score>,
  part: Part | undefined,
): Promise<readonly FilledCache[]> {
  const cache = keepsStates(trains, model) ? featureOptions.cache : null;
  const options = { ...featureOptions, cache, ...(signal ? { signal } : {}), ...(part ? { part } : {}) };
  const tapped = model.options.outputs === "fed" ? adapters.map(tapsOf) : [];
  const filled: FilledCache[] = [];
  for (const [what, data] of Object.entries({ train, dev, test })) {
    if (!data) continue;
    for (const needed of [{ layers: model.neededLayers }, ...tapped]) {
      filled.push(await fillFeatures(executor, backbone, needed, data.examples.texts, what, options, onEvent));
    }
  }
  return filled;
}

/** Whether the adapters' outputs are computed once and kept, because nothing in training changes them, not even padding. */
const keepsOutputs = ({ trains, frozenDropout, adapters, featureOptions }: FinetuneConfig): boolean =>
  trains === "none" &&
  !frozenDropout &&
  featureOptions.cache !== null &&
  adapters.length > 0 &&
  adapters.every(({ config }) => config.maskPadding);

/**
 * Whether texts are padded to one length. Adapters that were trained so attend to padding, and their outputs differ at
 * other widths. The length is the task's own, as in the released scripts.
 */
const fixedWidth = ({ adapters }: FinetuneConfig): boolean => adapters.some((adapter) => adapter.fixedWidth);

function fixedWidthNote({ adapters, maxLength }: FinetuneConfig): string {
  const names = adapters.filter((adapter) => adapter.fixedWidth).map(({ name }) => name);
  return `every text is padded to ${maxLength} tokens, for ${names.join(", ")}: trained with official padding`;
}

/** Adapters' parameters under the names that they have in a model of several. */
function adapterTensors(adapters: FinetuneConfig["adapters"]): Tensors {
  const named = adapters.flatMap(({ name, parameters }) =>
    // Copies: what is handed to an executor may be moved there.
    [...parameters].map(([key, { shape, data }]) => {
      return [`${adapterScope(name)}.${key}`, float32Tensor(shape, data.slice())] as const;
    }),
  );
  return Object.fromEntries(named);
}

/** The backbone's weights as the training starts from them. */
async function startBackbone({ backbone, start }: FinetuneConfig): Promise<Tensors> {
  if (!start) return readBackboneTensors(backbone);
  // Copies: what is handed to an executor may be moved there.
  const tensors = [...start.backbone].map(([name, { shape, data }]) => [name, float32Tensor(shape, data.slice())]);
  return Object.fromEntries(tensors);
}

async function finish<Example, Encoded extends EncodedText, Score>(
  { executor, ranks }: RunContext,
  config: FinetuneConfig,
  setup: Setup<Example, Encoded, Score>,
  { last, scores, backboneHash }: EndedRun<Scores<Score>>,
): Promise<FinetuneResult<Score>> {
  const { task, model, train, dev, test } = setup;
  const { trains, fusion, residual, adapters } = config;
  const metricsOf = (prefix: string, score: Score | null | undefined) =>
    score === null || score === undefined
      ? []
      : Object.entries(task.evaluation(score).metrics).map(([key, value]) => [`${prefix}${key}`, value] as const);
  const scored = Object.fromEntries([...metricsOf("", scores?.dev), ...metricsOf("test.", scores?.test)]);
  const record = trainingRecord(config, setup, fixedWidth(config), scored, last);
  const manifest: DownstreamManifest = asStored({
    format: "kadapter-downstream/1",
    trains,
    fusion,
    ...(residual ? { residual } : {}),
    adapters: adapters.map(({ name, config: architecture, folder, hash }) => ({ name, architecture, folder, hash })),
    ...record,
  });
  if (scores !== null && ranks.rank === 0) {
    await writeDownstreamFolder(config.out, manifest, await readParameters(executor, model.storedParameters));
  }
  const skipped = { train: train.skipped, dev: dev.skipped, test: test?.skipped ?? {} };
  const [ofDev, ofTest] = [scores?.dev ?? null, scores?.test ?? null];
  const { metrics } = record;
  return { manifest, metrics, reason: last.reason, dev: ofDev, test: ofTest, skipped, backboneHash };
}
