import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type KAdapterConfig, randomInit } from "../adapters/config.js";
import { downstreamFiles } from "../adapters/downstream-folder.js";
import { adapterFiles } from "../adapters/folder.js";
import { userError } from "../errors.js";
import { type BackboneHandle, openBackbone } from "../features/frozen-backbone.js";
import type { FactualSettings } from "../settings/factual.js";
import type { LinguisticSettings } from "../settings/linguistic.js";
import type { EncodedText } from "../tasks/task.js";
import { chosenAdapterConfig } from "../training/backbone-start.js";
import type { TrainingConfig } from "../training/config.js";
import { type PretrainResult, pretrain, type TaskData } from "../training/pretrain.js";
import { checkpointFolder, removeEarlierRun } from "../training/run.js";
import { asStored } from "../training/training-record.js";
import type { RunRequest } from "./command.js";
import { withOutputFolder } from "./files.js";
import { heldOutOf, noteHeldOut } from "./held-out.js";
import { adapterShape, featureOptionsOf, trainerSettingsOf } from "./plan.js";
import { type CommandContext, Interrupted } from "./run.js";
import { watchTraining } from "./watched.js";

/** What all kinds of knowledge have in common. */
type PretrainSettings = Pick<FactualSettings, Exclude<keyof FactualSettings & keyof LinguisticSettings, DataKey>> & {
  readonly train: string | readonly string[];
  readonly dev?: string | readonly string[] | undefined;
};
type DataKey = "train" | "dev" | "format";
type PretrainRequest = RunRequest<PretrainSettings>;

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
  const plan = planOf(request, backbone, context);
  await watchTraining(options, context, async (executor, onEvent) => {
    const taskData = await command.taskData(backbone);
    noteHeldOut(taskData.dev, context.output);
    const recipe = { ...plan.recipe, ...heldOutOf(taskData.dev) };
    const result = await pretrain(executor, { ...plan, recipe }, taskData, onEvent, context.signal);
    report(result, command, request, context);
    if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
  });
}

function architectureOf(
  options: PretrainSettings,
  backbone: BackboneHandle,
  { output }: CommandContext,
): KAdapterConfig {
  return chosenAdapterConfig(backbone, options.preset, {
    ...adapterShape(options, backbone, output),
    maskPadding: options.maskPadding && !options.officialPadding,
    // What is frozen shows what an adapter is worth that has learnt nothing: not what the model's own layers are.
    init: options.init ?? (options.freezeAdapter ? randomInit : undefined),
  });
}

/** How an adapter is trained. */
export function planOf(
  { options, resume }: Pick<PretrainRequest, "options" | "resume">,
  backbone: BackboneHandle,
  context: CommandContext,
): TrainingConfig {
  const { out, features, maxLength, headInit, headLearningRate, weightDecay, maxGradNorm, freezeAdapter } = options;
  return {
    backbone,
    architecture: architectureOf(options, backbone, context),
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

/** Refuses to mix two runs in one folder. */
export async function refuseUsed({
  options: { out },
  resume,
  overwrite,
}: RunRequest<{ readonly out: string }>): Promise<void> {
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
    output.say(`${command.summary(scores)} on ${String(options.dev ?? "the examples held out")}`);
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
    ...("heldOut" in manifest.recipe ? { heldOut: manifest.recipe["heldOut"] } : {}),
    architecture: manifest.architecture,
    options,
  });
}
