/**
 * The trainings of an experiment: each done once, in a folder of its own, and known by all that decides its bits.
 * @module
 */
import type { KAdapterConfig } from "../adapters/config.js";
import { readAdapterManifest } from "../adapters/folder.js";
import type { TrainEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import type { FeatureOptions } from "../features/features.js";
import type { HeadInit } from "../models/task-head.js";
import { hashExamples } from "../tasks/example-hash.js";
import type { EncodedText, JsonObject } from "../tasks/task.js";
import { type DownstreamTaskData, encodedOf, type TaskData } from "../tasks/task-data.js";
import { chosenInit } from "../training/backbone-start.js";
import { type TrainingConfig, trainingConfig } from "../training/config.js";
import { identityOf } from "../training/identity.js";
import { pretrain } from "../training/pretrain.js";
import { removeEarlierRun } from "../training/run.js";
import type { TrainerSettings } from "../training/trainer.js";
import { hashJson } from "../weights/hash.js";
import type { Cells } from "./cells.js";

/** Who follows an experiment. */
export interface ExperimentWatch {
  /** Told of every step, evaluation and checkpoint of a training. */
  readonly onEvent?: (event: TrainEvent) => Promise<void> | void;
  /** Told of what is finished, a line each. */
  readonly onNote?: (line: string) => void;
  /** Stops the experiment: a training under way leaves a checkpoint, and what is finished is kept. */
  readonly signal?: AbortSignal;
}

/** What an experiment is run with: an engine, its finished results, and who follows it. */
export interface Laboratory {
  readonly executor: Executor;
  readonly cells: Cells;
  readonly watch: ExperimentWatch;
}

/** How an experiment trains adapters of its own, with several seeds. */
export interface AdapterTrainings {
  readonly backbone: BackboneHandle;
  readonly out: string;
  readonly seeds: readonly number[];
  readonly architecture: KAdapterConfig;
  readonly featureOptions: FeatureOptions;
  readonly maxLength: number;
  /** Of each training; the seed is its own. */
  readonly settings: Omit<TrainerSettings, "seed">;
  readonly headLearningRate: number;
  readonly headInit: HeadInit;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
}

/** The training of one adapter, which goes on where it was stopped. */
export function adapterTraining(
  plan: AdapterTrainings,
  out: string,
  seed: number,
  own: Partial<Pick<TrainingConfig, "features" | "start">> = {},
): TrainingConfig {
  const { backbone, architecture, featureOptions, maxLength, settings } = plan;
  const { headLearningRate, headInit, weightDecay, maxGradNorm } = plan;
  return trainingConfig(backbone, out, {
    ...{ architecture, featureOptions, maxLength, headLearningRate, headInit, weightDecay, maxGradNorm },
    ...own,
    resume: true,
    settings: { ...settings, seed },
  });
}

/** What was hashed before: an experiment trains on the same data many times. */
const hashed = new WeakMap<object, Map<string, readonly string[]>>();

/** What a task is and what it feeds, set by set. */
export function hashesOfData<Example, Encoded extends EncodedText, Score>(
  { backbone, maxLength }: { readonly backbone: Pick<BackboneHandle, "tokenizer">; readonly maxLength: number },
  taskData: DownstreamTaskData<Example, Encoded, Score>,
): readonly string[] {
  const byReader = hashed.get(taskData) ?? new Map<string, readonly string[]>();
  hashed.set(taskData, byReader);
  const reader = `${backbone.tokenizer.hash} ${maxLength}`;
  const found = byReader.get(reader);
  if (found) return found;
  const { kind, settings, train, dev, test } = taskData;
  const task = kind.make(settings, { maxLength, dropout: 0, headInit: 0.05 });
  const hashes = [train, dev, ...(test ? [test] : [])].map((set) =>
    hashExamples(
      task,
      encodedOf(task, backbone.tokenizer, set.examples, () => undefined),
    ),
  );
  const all = [kind.name, hashJson({ ...settings }), ...hashes];
  byReader.set(reader, all);
  return all;
}

/** A pre-trained adapter. */
export interface PretrainedAdapter {
  /** SHA-256 of its tensors. */
  readonly adapter: string;
  /** SHA-256 of the backbone's weights after the training. */
  readonly backbone: string;
  readonly metrics: JsonObject;
}

/**
 * Pre-trains an adapter, or goes on with it, and removes its checkpoints when it is finished.
 *
 * @throws the signal's reason where it was stopped: a checkpoint is left
 */
export async function pretrainAdapter<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  config: TrainingConfig,
  taskData: TaskData<Example, Encoded, Score>,
  { onEvent, signal }: Pick<ExperimentWatch, "onEvent" | "signal">,
): Promise<PretrainedAdapter> {
  const { backboneHash } = await pretrain(executor, config, taskData, onEvent, signal);
  signal?.throwIfAborted();
  await removeEarlierRun(config.out);
  const { tensors, metrics } = await readAdapterManifest(config.out);
  return { adapter: tensors?.adapter ?? "", backbone: backboneHash.after, metrics };
}

/** {@link pretrainAdapter}, unless a cell of the experiment holds its result. */
export async function pretrainedCell<Example, Encoded extends EncodedText, Score>(
  { executor, cells, watch }: Laboratory,
  name: string,
  config: TrainingConfig,
  taskData: TaskData<Example, Encoded, Score>,
): Promise<PretrainedAdapter> {
  const identity = { ...identityOf(config), data: hashesOfData(config, taskData) };
  return cells.get(`${name}.pretrained`, identity, async () => {
    const trained = await pretrainAdapter(executor, { ...config, resume: true }, taskData, watch);
    watch.onNote?.(`${name}: trained`);
    return { ...trained };
  });
}

/**
 * An adapter that starts as copies of the model's own layers.
 *
 * @throws UserError where the adapter is not shaped like them
 */
export function copiesOfLayers({ backbone, architecture }: TrainingConfig): KAdapterConfig {
  return { ...architecture, init: chosenInit("backbone", backbone, architecture) };
}
