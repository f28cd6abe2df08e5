import { type BackboneHandle, openBackbone } from "../features/backbone-handle.js";
import { type Learning, learnAdapter } from "../library/learn.js";
import type { PretrainSettings } from "../library/plan.js";
import type { EncodedText } from "../tasks/task.js";
import type { RecordedTaskData } from "../tasks/task-data.js";
import type { PretrainResult } from "../training/pretrain.js";
import type { RunRequest } from "./command.js";
import { type CommandContext, Interrupted } from "./run.js";
import { watchTraining } from "./watched.js";

type PretrainRequest = RunRequest<PretrainSettings>;

/** What `pretrain` does for one kind of knowledge. */
export interface PretrainCommand<Example, Encoded extends EncodedText, Score> {
  /** Reads the data. */
  taskData(
    backbone: BackboneHandle,
    how: Pick<Learning, "executor" | "signal">,
  ): Promise<RecordedTaskData<Example, Encoded, Score>>;
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
  const { options, ...begin } = request;
  const backbone = await openBackbone(options.backbone);
  for (const note of backbone.tokenizer.notes) context.output.note(note);
  await watchTraining(options, context, async (executor, onEvent) => {
    const { signal, ranks } = context;
    const how = { executor, backbone, begin, onEvent, note: context.output.note.bind(context.output), signal, ranks };
    const result = await learnAdapter(how, options, (one) => command.taskData(one, how));
    report(result, command, request, context);
    if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
  });
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
