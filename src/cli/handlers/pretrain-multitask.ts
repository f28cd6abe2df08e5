import { basename, join } from "node:path";
import { propertyTable } from "../../adapters/index.js";
import { writeFileAtomically } from "../../files/atomic.js";
import {
  type BackboneFolder,
  defaultEntityVector,
  factualLesson,
  linguisticLesson,
  type MultitaskResult,
  type NamedLesson,
  openBackbone,
  plainTrees,
  removeEarlierRun,
  trainMultitask,
  writeBackbone,
} from "../../training/index.js";
import { asStored } from "../../training/training-record.js";
import type { RunRequest } from "../commands/pretrain.js";
import type { MultitaskOptions } from "../multitask-options.js";
import { type CommandContext, Interrupted } from "../run.js";
import { withOutputFolder } from "./files.js";
import { refuseUsed, trainerSettingsOf } from "./pretrain.js";
import { watchTraining } from "./watched.js";

export type MultitaskRequest = RunRequest<MultitaskOptions>;

/** `pretrain multitask`: the model itself, on several kinds of knowledge at once. */
export async function handlePretrainMultitask(request: MultitaskRequest, context: CommandContext): Promise<void> {
  const { options, resume, overwrite } = request;
  const { out, maxLength, headLearningRate, headInit, dropout, weightDecay, maxGradNorm } = options;
  await refuseUsed(request);
  const backbone = await openBackbone(options.backbone);
  for (const note of backbone.tokenizer.notes) context.output.note(note);
  const settings = trainerSettingsOf(options);
  const how = { maxLength, headLearningRate, headInit, dropout, weightDecay, maxGradNorm };
  await withOutputFolder(out, async () => {
    if (overwrite) await removeEarlierRun(out);
    await watchTraining(options, context, async (executor, onEvent) => {
      const lessons: NamedLesson[] = [];
      for (const one of options.learn) lessons.push(await lessonOf(one, backbone, options));
      const plan = { backbone, out, ...how, settings, resume };
      const result = await trainMultitask(executor, plan, lessons, onEvent, context.signal);
      await report(result, backbone, options, context);
      if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
    });
  });
}

async function lessonOf(
  { kind, files: { train, dev } }: MultitaskOptions["learn"][number],
  backbone: BackboneFolder,
  { arcSize }: MultitaskOptions,
): Promise<NamedLesson> {
  if (kind === "factual") {
    const entityVector = defaultEntityVector(backbone);
    const lesson = await factualLesson({ train, dev, read: {}, entityVector });
    return { name: kind, lesson: (use) => use(lesson) };
  }
  const lesson = await linguisticLesson(plainTrees(train, dev, arcSize));
  return { name: kind, lesson: (use) => use(lesson) };
}

async function report(
  { finished, reason, steps, bestStep, skipped }: MultitaskResult,
  backbone: BackboneFolder,
  options: MultitaskOptions,
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
  { name, config }: BackboneFolder,
  options: MultitaskOptions,
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
