import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type KAdapterConfig, randomInit } from "../../adapters/config.js";
import { downstreamFiles } from "../../adapters/downstream-folder.js";
import { adapterFiles } from "../../adapters/folder.js";
import { userError } from "../../errors.js";
import { defaultCacheFolder } from "../../features/feature-cache.js";
import type { FeatureOptions } from "../../features/features.js";
import { type BackboneHandle, openBackbone } from "../../features/frozen-backbone.js";
import type { EncodedText } from "../../tasks/task.js";
import { chosenAdapterConfig } from "../../training/backbone-start.js";
import type { TrainingConfig } from "../../training/config.js";
import { type PretrainResult, pretrain, type TaskData } from "../../training/pretrain.js";
import { checkpointFolder, removeEarlierRun } from "../../training/run.js";
import type { TrainerSettings } from "../../training/trainer.js";
import { asStored } from "../../training/training-record.js";
import type { PretrainRequest } from "../commands/pretrain.js";
import { adapterShape, type cacheSpecs, type PretrainOptions } from "../options.js";
import { type CommandContext, Interrupted } from "../run.js";
import type { Options } from "../spec.js";
import { withOutputFolder } from "./files.js";
import { watchTraining } from "./watched.js";

/** What `pretrain` does for one kind of knowledge. */
export interface PretrainCommand<Example, Encoded extends EncodedText, Score> {
  /** Reads the data. */
  taskData(backbone: BackboneHandle): Promise<TaskData<Example, Encoded, Score>>;
  /** What was reached, for people. */
  summary(score: Score): string;
  /** What `--json` holds of a score besides its metrics. */
  details(score: Score | null): Readonly<Record<string, unknown>>;
}

/** `pretrain`: from options to an adapter's folder. */
export async function runPretrain<Example, Encoded extends EncodedText, Score>(
  request: PretrainRequest,
  command: PretrainCommand<Example, Encoded, Score>,
  context: CommandContext,
): Promise<void> {
  const { options, overwrite } = request;
  await refuseUsed(request);
  const backbone = await openBackbone(options.backbone);
  for (const note of backbone.tokenizer.notes) context.output.note(note);
  // Made now, so that a folder that cannot be written is known before hours are spent.
  await withOutputFolder(options.out, async () => {
    if (overwrite) await removeEarlierRun(options.out);
    await train(request, command, backbone, context);
  });
}

async function train<Example, Encoded extends EncodedText, Score>(
  request: PretrainRequest,
  command: PretrainCommand<Example, Encoded, Score>,
  backbone: BackboneHandle,
  context: CommandContext,
): Promise<void> {
  const { options } = request;
  const plan = planOf(request, backbone);
  await watchTraining(options, context, async (executor, onEvent) => {
    const result = await pretrain(executor, plan, await command.taskData(backbone), onEvent, context.signal);
    report(result, command, request, context);
    if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
  });
}

function architectureOf(options: PretrainOptions, backbone: BackboneHandle): KAdapterConfig {
  return chosenAdapterConfig(backbone, options.preset, {
    ...adapterShape(options),
    maskPadding: options.maskPadding && !options.officialPadding,
    // What is frozen shows what an adapter is worth that has learnt nothing: not what the model's own layers are.
    init: options.init ?? (options.freezeAdapter ? randomInit : undefined),
  });
}

function planOf({ options, resume }: PretrainRequest, backbone: BackboneHandle): TrainingConfig {
  const { out, features, maxLength, headInit, headLearningRate, weightDecay, maxGradNorm, freezeAdapter } = options;
  return {
    backbone,
    architecture: architectureOf(options, backbone),
    out,
    features,
    maxLength,
    headInit,
    headLearningRate,
    weightDecay,
    maxGradNorm,
    freezeAdapter,
    ...(options.officialPadding ? { fixedWidth: true } : {}),
    resume,
    featureOptions: featureOptionsOf(options),
    settings: trainerSettingsOf(options),
    recipe: asStored(options),
  };
}

export function featureOptionsOf({
  cache,
  cacheSize,
  cacheDtype,
  backbonePrecision,
}: Options<typeof cacheSpecs>): FeatureOptions {
  return {
    cache: cache === "off" ? null : (cache ?? defaultCacheFolder()),
    cacheLimit: cacheSize * 2 ** 30,
    dtype: cacheDtype,
    precision: backbonePrecision,
  };
}

type TrainerOptions = Omit<TrainerSettings, "maxSteps" | "batchTokens" | "gradientAccumulation" | "decay"> & {
  readonly [Key in "maxSteps" | "batchTokens" | "gradientAccumulation"]?: number | undefined;
} & { readonly decay?: TrainerSettings["decay"] | undefined };

/** How the trainer is set; what a command has no option for is off, and a step is one batch. */
export function trainerSettingsOf(options: TrainerOptions): TrainerSettings {
  return {
    epochs: options.epochs,
    maxSteps: options.maxSteps ?? 0,
    batchSize: options.batchSize,
    ...(options.batchTokens === undefined ? {} : { batchTokens: options.batchTokens }),
    gradientAccumulation: options.gradientAccumulation ?? 1,
    learningRate: options.learningRate,
    warmup: options.warmup,
    ...(options.decay === undefined ? {} : { decay: options.decay }),
    seed: options.seed,
    evalEvery: options.evalEvery,
    saveEvery: options.saveEvery,
    patience: options.patience,
  };
}

/** Refuses to mix two runs in one folder. */
export async function refuseUsed({
  options: { out },
  resume,
  overwrite,
}: Pick<PretrainRequest, "resume" | "overwrite"> & { readonly options: { readonly out: string } }): Promise<void> {
  const exists = async (path: string) => (await stat(path).catch(() => null)) !== null;
  const marks = [join(out, adapterFiles.config), join(out, downstreamFiles.config), checkpointFolder(out)];
  const used = (await Promise.all(marks.map(exists))).includes(true);
  if (used && !resume && !overwrite) {
    throw userError({
      where: out,
      what: "the folder holds an adapter or a run",
      fix: "choose another --out, go on with --resume, or replace it with --overwrite",
    });
  }
}

function report<Example, Encoded extends EncodedText, Score>(
  result: PretrainResult<Score>,
  command: PretrainCommand<Example, Encoded, Score>,
  { options }: PretrainRequest,
  { output }: CommandContext,
): void {
  const { scores, manifest, reason, skipped, backboneHash } = result;
  if (scores !== null) {
    output.say(`${command.summary(scores)} on ${String(options.dev)}`);
    output.say(
      `the adapter is in ${options.out}; the backbone is unchanged (SHA-256 ${backboneHash.after.slice(0, 16)}…)`,
    );
  }
  output.result({
    out: options.out,
    reason,
    ...manifest.metrics,
    ...command.details(scores),
    skippedTrain: skipped.train,
    skippedDev: skipped.dev,
    backboneUnchanged: backboneHash.before === backboneHash.after,
    backboneHash: backboneHash.after,
    architecture: manifest.architecture,
    options,
  });
}
