import { userError } from "../../errors.js";
import { type BackboneHandle, openBackbone } from "../../features/frozen-backbone.js";
import type { FinetuneSettings, OpenQaSettings, RelationsSettings, TypingSettings } from "../../settings/finetune.js";
import {
  choiceTaskData,
  type DownstreamData,
  openQaTaskData,
  relationsTaskData,
  typingTaskData,
} from "../../tasks/downstream-task-data.js";
import type { EncodedText } from "../../tasks/task.js";
import type { FinetuneConfig } from "../../training/config.js";
import { openAdapters } from "../../training/downstream-model.js";
import { type DownstreamTaskData, type FinetuneResult, finetune } from "../../training/finetune.js";
import { removeEarlierRun } from "../../training/run.js";
import { asStored } from "../../training/training-record.js";
import type { Run, RunRequest } from "../command.js";
import { withOutputFolder } from "../files.js";
import { heldOutOf, noteHeldOut } from "../held-out.js";
import { featureOptionsOf, trainerSettingsOf } from "../plan.js";
import { refuseUsed } from "../pretrain.js";
import { type CommandContext, Interrupted } from "../run.js";
import { choiceCommands, downstreamRelationCommands, openQaCommands, typingCommands } from "../tasks/downstream.js";
import { relationFormat } from "../tasks/relation.js";
import type { TaskCommands } from "../tasks/task-commands.js";
import { watchTraining } from "../watched.js";

const dataOf = ({ train, dev, test, seed }: FinetuneSettings): DownstreamData => ({
  train,
  dev,
  seed,
  ...(test ? { test } : {}),
});

/** `finetune relations`. */
export const relations: Run<RunRequest<RelationsSettings>> = async (request, context) => {
  const { format, markers, maxNegatives, officialFeatures: official } = request.options;
  const own = { markers, official, ...(maxNegatives === undefined ? {} : { maxNegatives }) };
  const taskData = () => relationsTaskData(dataOf(request.options), { format: relationFormat(format) }, own);
  await runFinetune(request, taskData, downstreamRelationCommands, context);
};

/** `finetune entity-typing`. */
export const entityTyping: Run<RunRequest<TypingSettings>> = async (request, context) => {
  const { alwaysOne, officialFeatures = false as const } = request.options;
  const taskData = () => typingTaskData(dataOf(request.options), { alwaysOne, official: officialFeatures });
  await runFinetune(request, taskData, typingCommands, context);
};

/** `finetune multiple-choice`. */
export const multipleChoice: Run<RunRequest<FinetuneSettings>> = (request, context) =>
  runFinetune(request, () => choiceTaskData(dataOf(request.options)), choiceCommands, context);

/** `finetune open-qa`. */
export const openQa: Run<RunRequest<OpenQaSettings>> = (request, context) =>
  runFinetune(request, () => openQaTaskData(dataOf(request.options), request.options), openQaCommands, context);

async function runFinetune<Example, Encoded extends EncodedText, Score>(
  request: RunRequest<FinetuneSettings>,
  taskData: () => Promise<DownstreamTaskData<Example, Encoded, Score>>,
  commands: TaskCommands<Example, Encoded, Score>,
  context: CommandContext,
): Promise<void> {
  const { options, overwrite } = request;
  await refuseUsed(request);
  const backbone = await openBackbone(options.backbone);
  for (const note of backbone.tokenizer.notes) context.output.note(note);
  const plan = await planOf(request, backbone);
  await withOutputFolder(options.out, async () => {
    if (overwrite) await removeEarlierRun(options.out);
    const data = await taskData();
    noteHeldOut(data.dev, context.output);
    const recipe = { ...plan.recipe, ...heldOutOf(data.dev) };
    const result = await train({ ...plan, recipe }, data, options, context);
    report(result, commands, options, context);
    if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
  });
}

async function train<Example, Encoded extends EncodedText, Score>(
  plan: FinetuneConfig,
  taskData: DownstreamTaskData<Example, Encoded, Score>,
  options: FinetuneSettings,
  context: CommandContext,
): Promise<FinetuneResult<Score>> {
  return watchTraining(options, context, (executor, onEvent) =>
    finetune(executor, plan, taskData, onEvent, context.signal),
  );
}

async function planOf(
  { options, resume }: RunRequest<FinetuneSettings>,
  backbone: BackboneHandle,
): Promise<FinetuneConfig> {
  const named = options.adapter.map((given) => {
    const [name = "", ...folder] = given.split("=");
    return { name, folder: folder.join("=") };
  });
  const { trains, frozenDropout, out, headInit, dropout, maxLength } = options;
  const { headLearningRate, weightDecay, adamEpsilon, maxGradNorm } = options;
  return {
    backbone,
    adapters: await openAdapters(named, backbone),
    fusion: { kind: options.fusion, adapterDense: false, ...tapsOf(options, backbone) },
    trains,
    frozenDropout,
    out,
    headInit,
    dropout,
    maxLength,
    headLearningRate,
    weightDecay,
    adamEpsilon,
    maxGradNorm,
    resume,
    featureOptions: featureOptionsOf(options),
    settings: trainerSettingsOf(options),
    recipe: asStored(options),
  };
}

/** The hidden states of a baseline, checked against the model. */
function tapsOf({ taps }: FinetuneSettings, { config }: BackboneHandle): Pick<FinetuneConfig["fusion"], "taps"> {
  if (!taps) return {};
  const above = taps.find((layer) => layer > config.layers);
  if (above === undefined) return { taps };
  throw userError({
    where: "--taps",
    what: `the backbone has no layer ${above}`,
    expected: `numbers from 0 to ${config.layers}`,
  });
}

function report<Example, Encoded extends EncodedText, Score>(
  { manifest, reason, dev, test, skipped, backboneHash }: FinetuneResult<Score>,
  commands: TaskCommands<Example, Encoded, Score>,
  options: FinetuneSettings,
  { output }: CommandContext,
): void {
  const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
  for (const [score, files, left] of [
    [dev, options.dev ?? ["the examples held out"], skipped.dev],
    [test, options.test, skipped.test],
  ] as const) {
    if (score === null || !files) continue;
    output.say(files.join(" "));
    commands.print(score, sum(left), output);
  }
  if (dev !== null) output.say(`the model is in ${options.out}`);
  output.result({
    out: options.out,
    reason,
    ...manifest.metrics,
    ...(dev === null ? {} : { dev: commands.result(dev) }),
    ...(test === null ? {} : { test: commands.result(test) }),
    skippedTrain: skipped.train,
    skippedDev: skipped.dev,
    skippedTest: skipped.test,
    backboneUnchanged: backboneHash.before === backboneHash.after,
    adapters: manifest.adapters,
    fusion: manifest.fusion,
    ...("heldOut" in manifest.recipe ? { heldOut: manifest.recipe["heldOut"] } : {}),
    options,
  });
}
