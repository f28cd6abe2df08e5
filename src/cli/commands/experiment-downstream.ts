import { longestText, usualLengths } from "../../backbones/text-length.js";
import { type DownstreamPlan, type DownstreamTable, runDownstream } from "../../experiments/downstream.js";
import { sweepMarkdown } from "../../experiments/sweep/table.js";
import type { BackboneHandle } from "../../features/backbone-handle.js";
import type { DownstreamSettings } from "../../settings/adapter-experiments.js";
import { finetuneSettings } from "../../settings/finetune.js";
import { defaultOf } from "../../settings/setting.js";

import { defaultEntityVector, objectiveFeatures } from "../../tasks/relations/factual.js";
import { type LinguisticTaskData, linguisticTaskData } from "../../tasks/trees/linguistic.js";
import type { FinetuneConfig } from "../../training/config.js";
import { pretrainingOf, runExperiment } from "../experiment.js";
import { ChecksFailed, type CommandContext } from "../run.js";

/** `experiment downstream`: a table for each task, and another where the model is trained, too. */
export async function run(options: DownstreamSettings, context: CommandContext): Promise<void> {
  await runExperiment(options, context, async ({ executor, backbone, watch, publish }) => {
    const tables = await runDownstream(executor, await planOf(options, backbone, context), watch);
    const outcomes = tables.flatMap((one) => one.outcomes);
    const failed = outcomes.filter(({ scores }) => scores === null).length;
    await publish("downstream", tables.map(shown).join("\n"), { tables, failed });
    if (failed > 0) throw new ChecksFailed(`${failed} of ${outcomes.length} runs failed`);
  });
}

const shown = ({ name, table }: DownstreamTable) => `## ${name}\n\n${sweepMarkdown(table)}`;

async function planOf(
  options: DownstreamSettings,
  backbone: BackboneHandle,
  context: CommandContext,
): Promise<DownstreamPlan> {
  const { objective, temperature, labelSmoothing, seeds, tasks, rows, trainedTasks, trainedRows } = options;
  const training = pretrainingOf(options, objectiveFeatures(objective, "adapter"), backbone, context);
  const { out, maxLength, headInit, headLearningRate, weightDecay, maxGradNorm, featureOptions, settings } = training;
  const common = { backbone, out, headInit, headLearningRate, weightDecay, maxGradNorm, resume: true };
  const { modelLearningRate, dropout } = options;
  const taskMaxLength = longestText(options.taskMaxLength, usualLengths.text, backbone, "taskMaxLength");
  const finetuning: Omit<FinetuneConfig, "settings" | "trains"> = {
    ...{ ...common, maxLength: taskMaxLength, dropout, featureOptions, recipe: {} },
    ...{ adapters: [], fusion: { kind: "concat", adapterDense: false } },
    ...{ frozenDropout: false, adamEpsilon: Number(defaultOf(finetuneSettings.adamEpsilon)) },
  };
  const learningRate = Number(defaultOf(finetuneSettings.learningRate));
  return {
    ...{ training, seeds, tasks, rows, trainedTasks, trainedRows },
    multitask: { ...common, maxLength, dropout, settings: { ...settings, learningRate: modelLearningRate } },
    frozen: { ...finetuning, trains: "none", settings: { ...settings, epochs: options.headEpochs, learningRate } },
    trained: {
      ...{ ...finetuning, trains: "backbone" },
      settings: { ...settings, epochs: options.trainedEpochs, learningRate: modelLearningRate },
    },
    facts: factsOf(options, {
      ...{ objective, temperature, labelSmoothing },
      entityVector: options.entityVector ?? defaultEntityVector(backbone.config),
    }),
    trees: await treesOf(options),
  };
}

function factsOf(
  { facts: train, factsDev: dev, ids, sentences, devSentences }: DownstreamSettings,
  teaching: NonNullable<DownstreamPlan["facts"]>["teaching"],
): DownstreamPlan["facts"] {
  return train && dev ? { train, dev, ids, sentences, devSentences, teaching } : null;
}

async function treesOf({
  trees: train,
  treesDev: dev,
  arcSize,
}: DownstreamSettings): Promise<LinguisticTaskData | null> {
  if (!train || !dev) return null;
  const task = { head: "biaffine", loss: "cross-entropy", alignment: "words", arcSize } as const;
  return linguisticTaskData({ train, dev, read: { brokenTrees: "skip" }, task, relations: false });
}
