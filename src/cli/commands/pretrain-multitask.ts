import { basename, join } from "node:path";
import { propertyTable } from "../../adapters/model-card.js";
import { type BackboneHandle, openBackbone } from "../../features/backbone-handle.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { inOutputFolder } from "../../library/output-folder.js";
import { readable, trainerSettingsOf } from "../../library/plan.js";
import { writeBackbone } from "../../lm/language-model-folder.js";
import type { MultitaskSettings } from "../../settings/multitask.js";
import { defaultEntityVector, factualTaskData } from "../../tasks/relations/factual.js";
import { linguisticTaskData, plainTrees } from "../../tasks/trees/linguistic.js";
import { type MultitaskResult, type NamedTaskData, trainMultitask } from "../../training/multitask.js";
import { asStored } from "../../training/training-record.js";
import type { RunRequest } from "../command.js";
import { type CommandContext, Interrupted } from "../run.js";
import { watchTraining } from "../watched.js";

/** `pretrain multitask`: the model itself, on several kinds of knowledge at once. */
export async function run(request: RunRequest<MultitaskSettings>, context: CommandContext): Promise<void> {
  const { resume, overwrite } = request;
  const backbone = await openBackbone(request.options.backbone);
  const options = readable(request.options, backbone);
  const { out, maxLength, headLearningRate, headInit, dropout, weightDecay, maxGradNorm } = options;
  for (const note of backbone.tokenizer.notes) context.output.note(note);
  const settings = trainerSettingsOf(options);
  const how = { maxLength, headLearningRate, headInit, dropout, weightDecay, maxGradNorm };
  await inOutputFolder({ out, resume, overwrite }, async () => {
    await watchTraining(options, context, async (executor, onEvent) => {
      const taskSets: NamedTaskData[] = [];
      for (const one of options.learn) taskSets.push(await taskDataOf(one, backbone, options));
      const plan = { backbone, out, ...how, settings, resume };
      const result = await trainMultitask(executor, plan, taskSets, onEvent, context.signal);
      await report(result, backbone, options, context);
      if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
    });
  });
}

async function taskDataOf(
  { kind, files: { train, dev } }: MultitaskSettings["learn"][number],
  backbone: BackboneHandle,
  { arcSize }: MultitaskSettings,
): Promise<NamedTaskData> {
  if (kind === "factual") {
    const entityVector = defaultEntityVector(backbone.config);
    const taskData = await factualTaskData({ train, dev, read: {}, entityVector });
    return { name: kind, taskData: (use) => use(taskData) };
  }
  const taskData = await linguisticTaskData(plainTrees(train, dev, arcSize));
  return { name: kind, taskData: (use) => use(taskData) };
}

async function report(
  { finished, reason, steps, bestStep, skipped }: MultitaskResult,
  backbone: BackboneHandle,
  options: MultitaskSettings,
  { output }: CommandContext,
): Promise<void> {
  const { out } = options;
  const common = { out, reason, steps, bestStep, skippedTrain: skipped, options };
  if (finished === null) return output.result(common);
  const { scores, tensors } = finished;
  const results = { ...common, dev: scores };
  await writeFileAtomically(join(out, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  await writeBackbone(out, backbone, tensors, card(backbone, options, scores));
  for (const [name, { metrics }] of Object.entries(scores)) {
    const shown = Object.entries(metrics).map(([metric, value]) => `${metric} ${value.toFixed(4)}`);
    output.say(`${name} on its dev data: ${shown.join(", ")}`);
  }
  output.say(`the model is in ${out}: give it as --backbone`);
  output.result(results);
}

/** The README of the model's folder. */
function card(
  { name, config }: BackboneHandle,
  options: MultitaskSettings,
  scores: NonNullable<MultitaskResult["finished"]>["scores"],
): string {
  const kinds = options.learn.map(({ kind, files }) => `${kind} (${basename(files.train)})`).join(" and ");
  const rows = Object.entries(scores).flatMap(([kind, { metrics }]) =>
    Object.entries(metrics).map(([metric, value]) => `| ${kind} | ${metric} | ${value.toFixed(4)} |`),
  );
  return `---
library_name: transformers
tags: [${config.modelType}, kadapter]
---

# ${basename(options.out)}

${name ?? "A model"} trained as a whole on ${kinds} by kadapter: K-Adapter's multi-task baseline, which puts into the model what adapters keep beside it. Heads are left out.

| task | measure, dev data | |
| --- | --- | --- |
${rows.join("\n")}

## Settings

${propertyTable(asStored({ ...options, learn: undefined, out: undefined }))}
`;
}
