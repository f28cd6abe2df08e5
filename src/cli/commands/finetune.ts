import { openBackbone } from "../../features/backbone-handle.js";
import { choicesOf, passagesOf, relationsOf, typesOf } from "../../library/knowledge.js";
import { learnDownstream } from "../../library/learn.js";
import type { FinetuneSettings, OpenQaSettings, RelationsSettings, TypingSettings } from "../../settings/finetune.js";
import type { EncodedText } from "../../tasks/task.js";
import type { DownstreamTaskData } from "../../tasks/task-data.js";
import type { FinetuneResult } from "../../training/finetune.js";
import type { Run, RunRequest } from "../command.js";
import { type CommandContext, Interrupted } from "../run.js";
import { choiceCommands, downstreamRelationCommands, openQaCommands, typingCommands } from "../tasks/downstream.js";
import type { TaskCommands } from "../tasks/task-commands.js";
import { watchTraining } from "../watched.js";

/** `finetune relations`. */
export const relations: Run<RunRequest<RelationsSettings>> = (request, context) =>
  runFinetune(request, () => relationsOf(request.options), downstreamRelationCommands, context);

/** `finetune entity-typing`. */
export const entityTyping: Run<RunRequest<TypingSettings>> = (request, context) =>
  runFinetune(request, () => typesOf(request.options), typingCommands, context);

/** `finetune multiple-choice`. */
export const multipleChoice: Run<RunRequest<FinetuneSettings>> = (request, context) =>
  runFinetune(request, () => choicesOf(request.options), choiceCommands, context);

/** `finetune open-qa`. */
export const openQa: Run<RunRequest<OpenQaSettings>> = (request, context) =>
  runFinetune(request, () => passagesOf(request.options), openQaCommands, context);

async function runFinetune<Example, Encoded extends EncodedText, Score>(
  request: RunRequest<FinetuneSettings>,
  taskData: () => Promise<DownstreamTaskData<Example, Encoded, Score>>,
  commands: TaskCommands<Example, Encoded, Score>,
  context: CommandContext,
): Promise<void> {
  const { options, ...begin } = request;
  const { output, signal, ranks } = context;
  const backbone = await openBackbone(options.backbone);
  for (const note of backbone.tokenizer.notes) output.note(note);
  await watchTraining(options, context, async (executor, onEvent) => {
    const how = { executor, backbone, begin, onEvent, note: output.note.bind(output), signal, ranks };
    const result = await learnDownstream(how, options, taskData);
    report(result, commands, options, context);
    if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
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
