import { join } from "node:path";
import { type DownstreamManifest, type TrainedParts, writeDownstreamFolder } from "../adapters/downstream-folder.js";
import type { Parameters as NamedParameters } from "../adapters/folder.js";
import type { FusionConfig } from "../adapters/fusion.js";
import type { DoneEvent, TrainEvent } from "../engine/events.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { openAdapterOutputs } from "../features/adapter-outputs.js";
import { type FeatureSource, JoinedFeatures } from "../features/feature-sources.js";
import { backboneOptions, type FeatureOptions, openFeatures } from "../features/features.js";
import { type BackboneHandle, openBackbone, readBackboneTensors } from "../features/frozen-backbone.js";
import type { EncodedText, HeadInit, JsonObject, TaskKind, TaskSettings } from "../tasks/task.js";
import { type EncodedData, type ExampleSet, encodeFitting, hashExamples, type SkipCounts } from "../tasks/task-data.js";
import { elementCount, float32Tensor, floatsOf } from "../tensor.js";
import { hashJson, hashLists } from "../weights/hash.js";
import { readSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { adamWDefaults } from "./adamw.js";
import {
  adapterTensors,
  type DownstreamTaskModel,
  type FusedAdapter,
  makeDownstreamModel,
  streamed,
  trainsBackbone,
} from "./downstream-model.js";
import { HostLossSession } from "./host-loss-session.js";
import { checkpointFolder, type TaskData } from "./pretrain.js";
import { PredictionSession, type SessionOptions, type StepSession, TrainingSession, textsOf } from "./session.js";
import { headRateScale } from "./step.js";
import { predictAll, Trainer, type TrainerSettings } from "./trainer.js";
import { asStored, trainingRecord } from "./training-record.js";

/** How a model is fine-tuned, whatever the task. */
export interface FinetuneConfig {
  readonly backbone: BackboneHandle;
  readonly adapters: readonly FusedAdapter[];
  readonly fusion: FusionConfig;
  readonly trains: TrainedParts;
  readonly frozenDropout: boolean;
  readonly out: string;
  readonly headInit: HeadInit;
  readonly dropout: number;
  readonly maxLength: number;
  readonly featureOptions: FeatureOptions;
  readonly settings: TrainerSettings;
  /** Of fusion and head. */
  readonly headLearningRate: number;
  readonly weightDecay: number;
  readonly adamEpsilon: number;
  readonly maxGradNorm: number;
  readonly resume: boolean;
  /** A backbone that was trained before, instead of the folder's, for {@link trains} `backbone` and `all`. */
  readonly start?: { readonly backbone: NamedParameters; readonly hash: string };
  /** Stored in the model's folder. */
  readonly recipe: JsonObject;
}

/** A downstream task's data; the test set is scored once, at the end. */
export interface DownstreamTaskData<Example, Encoded extends EncodedText, Score>
  extends TaskData<Example, Encoded, Score> {
  readonly test?: ExampleSet<Example>;
}

export interface FinetuneResult<Score> {
  readonly manifest: DownstreamManifest;
  readonly reason: "completed" | "early-stop" | "interrupted";
  /** Null for a training that was interrupted. */
  readonly dev: Score | null;
  readonly test: Score | null;
  readonly skipped: { readonly train: SkipCounts; readonly dev: SkipCounts; readonly test: SkipCounts };
  /** SHA-256 of the backbone's files before and after. */
  readonly backboneHash: { readonly before: string; readonly after: string };
}

type OnEvent = (event: TrainEvent) => Promise<void> | void;

interface Setup<Example, Encoded extends EncodedText, Score> extends DownstreamTaskModel<Example, Encoded, Score> {
  readonly kind: TaskKind<Example, Encoded, Score>;
  readonly settings: TaskSettings;
  readonly train: EncodedData<Encoded>;
  readonly dev: EncodedData<Encoded>;
  readonly test: EncodedData<Encoded> | null;
}

/**
 * Fine-tunes a backbone with adapters on a downstream task (K-Adapter §3.5 and §4) and writes the model's folder: the
 * parameters that were best on the dev data.
 *
 * @param onEvent told of every step, evaluation and checkpoint
 * @param signal stops after the step under way and leaves a checkpoint
 */
export async function finetune<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  plan: FinetuneConfig,
  taskData: DownstreamTaskData<Example, Encoded, Score>,
  onEvent: OnEvent = () => undefined,
  signal?: AbortSignal,
): Promise<FinetuneResult<Score>> {
  const setup = prepare(plan, taskData);
  const run = await Run.open(executor, plan, setup, onEvent, signal);
  try {
    const last = await run.train();
    const finished = last.reason !== "interrupted";
    if (finished) await run.restoreBest();
    const dev = finished ? await run.score(setup.dev) : null;
    const test = finished && setup.test ? await run.score(setup.test) : null;
    const metrics = {
      ...(dev === null ? {} : setup.task.evaluation(dev).metrics),
      ...(test === null ? {} : prefixed("test.", setup.task.evaluation(test).metrics)),
    };
    const manifest = manifestOf(plan, setup, metrics, last);
    if (finished) await writeDownstreamFolder(plan.out, manifest, await run.parameters());
    const { folder, hash: before } = plan.backbone;
    const { hash: after } = await openBackbone(folder);
    const skipped = { train: setup.train.skipped, dev: setup.dev.skipped, test: setup.test?.skipped ?? {} };
    return { manifest, reason: last.reason, dev, test, skipped, backboneHash: { before, after } };
  } finally {
    await run.close();
  }
}

const prefixed = (prefix: string, metrics: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(metrics).map(([key, value]) => [`${prefix}${key}`, value]));

function prepare<Example, Encoded extends EncodedText, Score>(
  plan: FinetuneConfig,
  { kind, settings, train, dev, test }: DownstreamTaskData<Example, Encoded, Score>,
): Setup<Example, Encoded, Score> {
  const fedOutputs = keepsOutputs(plan);
  const made = makeDownstreamModel(kind, settings, { ...plan, fedOutputs, featureDtype: plan.featureOptions.dtype });
  const encode = (set: ExampleSet<Example>) => encodeFitting(made.task, plan.backbone.tokenizer, set);
  return { ...made, kind, settings, train: encode(train), dev: encode(dev), test: test ? encode(test) : null };
}

/** A training with all that it holds open. */
class Run<Example, Encoded extends EncodedText, Score> {
  private readonly opened: FeatureSource<EncodedText>[] = [];
  private readonly predictions = new Map<EncodedData<Encoded>, PredictionSession<Encoded>>();

  private constructor(
    private readonly executor: Executor,
    private readonly plan: FinetuneConfig,
    private readonly setup: Setup<Example, Encoded, Score>,
    private readonly onEvent: OnEvent,
    private readonly signal: AbortSignal | undefined,
  ) {}

  private session!: StepSession<Encoded>;

  static async open<Example, Encoded extends EncodedText, Score>(
    executor: Executor,
    plan: FinetuneConfig,
    setup: Setup<Example, Encoded, Score>,
    onEvent: OnEvent,
    signal: AbortSignal | undefined,
  ): Promise<Run<Example, Encoded, Score>> {
    const run = new Run(executor, plan, setup, onEvent, signal);
    if (fixedWidth(plan)) await onEvent({ kind: "note", text: fixedWidthNote(plan) });
    const options = await run.sessionOptions(setup.train, "train");
    run.session = await run.openTraining(options);
    for (const [what, data] of Object.entries({ dev: setup.dev, test: setup.test })) {
      if (data) run.predictions.set(data, await PredictionSession.open(await run.sessionOptions(data, what)));
    }
    return run;
  }

  private async openTraining(options: SessionOptions<Encoded>): Promise<StepSession<Encoded>> {
    const { plan, setup } = this;
    const { weightDecay, maxGradNorm, adamEpsilon: epsilon, settings } = plan;
    const optimizer = { ...adamWDefaults, weightDecay, maxGradNorm, epsilon };
    const { backboneParameters: backbone, trainable } = setup.model;
    const variants = {
      rateScale: headRateScale(setup.model.taskParameters, plan.headLearningRate / settings.learningRate),
      // The released scripts clip backbone and task model apart.
      clipGroups: { backbone, task_model: trainable.filter((parameter) => !backbone.includes(parameter)) },
    };
    if (setup.task.hostLoss) return HostLossSession.open(options, optimizer, variants);
    const accumulation = settings.gradientAccumulation > 1;
    return TrainingSession.open(options, optimizer, { ...variants, accumulation });
  }

  private async sessionOptions(data: EncodedData<Encoded>, what: string): Promise<SessionOptions<Encoded>> {
    const { executor, plan, setup } = this;
    const { backbone, maxLength } = plan;
    const { model, task } = setup;
    const texts = data.examples.flatMap((example) => textsOf(task, example));
    const features = await this.openSource(texts, what);
    this.opened.push(features);
    const given = async (): Promise<Tensors> => ({
      ...(trainsBackbone(plan.trains) ? await startBackbone(plan) : {}),
      ...adapterTensors(plan.adapters),
    });
    const { padTokenId } = backbone.config;
    return { executor, features, padTokenId, model, task, maxLength, fixedWidth: fixedWidth(plan), given };
  }

  /** Hidden states (or tokens) of texts, and what frozen adapters make of them. */
  private async openSource(texts: readonly EncodedText[], what: string): Promise<FeatureSource<EncodedText>> {
    const { executor, plan, onEvent } = this;
    const { backbone, featureOptions } = plan;
    const { model } = this.setup;
    const { cache, dtype } = featureOptions;
    if (trainsBackbone(plan.trains) || model.adapters.readsPadding || cache === null) {
      return streamed(executor, backbone, model, { ...backboneOptions(featureOptions), dtype });
    }
    const own = { ...featureOptions, cache, ...(this.signal ? { signal: this.signal } : {}) };
    const states = await openFeatures(executor, backbone, { layers: model.neededLayers }, texts, what, own, onEvent);
    if (!model.options.fedOutputs) return states;
    const outputs = await openAdapterOutputs(executor, backbone, plan.adapters, texts, what, own, onEvent);
    return new JoinedFeatures([states, outputs]);
  }

  /** Scores the current parameters. */
  async score(data: EncodedData<Encoded>): Promise<Score> {
    const session = this.predictions.get(data);
    if (!session) throw new Error("the data set was not opened");
    const logits = await predictAll(session, data.examples, 2 * this.plan.settings.batchSize, this.signal);
    return this.setup.task.score(data.examples.map((encoded, i) => ({ encoded, logits: logits[i] as Float32Array })));
  }

  async train(): Promise<DoneEvent> {
    const { plan, setup, executor } = this;
    const { model, task } = setup;
    const trainer = new Trainer<Encoded>({
      session: this.session,
      settings: plan.settings,
      train: setup.train.examples,
      texts: (example) => textsOf(task, example),
      evaluate: async () => task.evaluation(await this.score(setup.dev)),
      keepBest: async (parameters) => writeSafetensors(bestFile(plan.out), Object.entries(await parameters())),
      readState: (slots) => executor.getState(slots),
      checkpoints: checkpointFolder(plan.out),
      identity: identityOf(plan, setup),
      resume: plan.resume,
      parameters: model.parameters.map(({ name }) => name),
      parameterCount: model.trainable.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    });
    return trainer.finish(this.onEvent, this.signal);
  }

  /** Takes the parameters that were best on the dev data. */
  async restoreBest(): Promise<void> {
    const names = this.setup.model.parameters.map(({ name }) => name);
    await this.executor.setState(await readSafetensors(bestFile(this.plan.out), names));
  }

  async parameters() {
    const { parameters } = this.setup.model;
    const state = await this.executor.getState(parameters.map(({ name }) => name));
    return new Map(parameters.map(({ name, shape }) => [name, { shape, data: floatsOf(state, name) }]));
  }

  async close(): Promise<void> {
    for (const features of this.opened) await features.close();
  }
}

const bestFile = (out: string) => join(checkpointFolder(out), "best.safetensors");

/** Whether the adapters' outputs are computed once and kept: nothing of them changes in training, padding included. */
const keepsOutputs = ({ trains, frozenDropout, adapters, featureOptions }: FinetuneConfig): boolean =>
  trains === "none" &&
  !frozenDropout &&
  featureOptions.cache !== null &&
  adapters.length > 0 &&
  adapters.every(({ config }) => config.maskPadding);

/**
 * Whether texts are padded to one length: adapters that were trained so attend to padding and say something else at
 * other widths. The length is the task's own, as in the released scripts.
 */
const fixedWidth = ({ adapters }: FinetuneConfig): boolean => adapters.some((adapter) => adapter.fixedWidth);

function fixedWidthNote({ adapters, maxLength }: FinetuneConfig): string {
  const names = adapters.filter((adapter) => adapter.fixedWidth).map(({ name }) => name);
  return `every text is padded to ${maxLength} tokens, for ${names.join(", ")} learnt with --official-padding`;
}

/** The backbone's weights as the training starts from them. */
async function startBackbone({ backbone, start }: FinetuneConfig): Promise<Tensors> {
  if (!start) return readBackboneTensors(backbone);
  // Copies: what is handed to an executor may be moved there.
  const tensors = [...start.backbone].map(([name, { shape, data }]) => [name, float32Tensor(shape, data.slice())]);
  return Object.fromEntries(tensors);
}

/** What decides the bits of the result: a run can only be continued by one that has all of this in common. */
function identityOf<Example, Encoded extends EncodedText, Score>(
  plan: FinetuneConfig,
  { kind, settings: learnt, task, train }: Setup<Example, Encoded, Score>,
): Record<string, string> {
  const { fusion, trains, frozenDropout, headInit, dropout, maxLength } = plan;
  const { headLearningRate, weightDecay, adamEpsilon, maxGradNorm } = plan;
  const { saveEvery: _, ...settings } = plan.settings;
  const { dtype, precision: backbonePrecision = "float32" } = plan.featureOptions;
  const model = { fusion, trains, frozenDropout, headInit, dropout, maxLength, dtype, backbonePrecision };
  const shown = { ...settings, ...model, headLearningRate, weightDecay, adamEpsilon, maxGradNorm };
  return {
    ...Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, JSON.stringify(value)])),
    backbone: plan.backbone.hash,
    configuration: plan.backbone.configHash,
    ...(plan.start ? { start: plan.start.hash } : {}),
    ...(fixedWidth(plan) ? { fixedWidth: "true" } : {}),
    adapters: plan.adapters.map(({ name, hash }) => `${name}=${hash}`).join(" "),
    task: `${kind.name} ${JSON.stringify(learnt.options)}`,
    labels: hashJson(learnt.labels),
    train: hashTexts(task, train.examples),
  };
}

/** {@link hashExamples}, with every text of an example. */
function hashTexts<Encoded extends EncodedText>(
  task: Parameters<typeof hashExamples<Encoded>>[0] & SessionOptions<Encoded>["task"],
  examples: readonly Encoded[],
): string {
  const ids = examples.flatMap((example) => textsOf(task, example).map(({ inputIds }) => inputIds));
  return hashJson([hashExamples(task, examples), hashLists(ids)]);
}

function manifestOf<Example, Encoded extends EncodedText, Score>(
  plan: FinetuneConfig,
  setup: Setup<Example, Encoded, Score>,
  metrics: Readonly<Record<string, number>>,
  last: DoneEvent,
): DownstreamManifest {
  const { trains, fusion, adapters } = plan;
  return asStored({
    format: "kadapter-downstream/1",
    trains,
    fusion,
    adapters: adapters.map(({ name, config, folder, hash }) => ({ name, architecture: config, folder, hash })),
    ...trainingRecord(plan, setup, fixedWidth(plan), metrics, last),
  });
}
