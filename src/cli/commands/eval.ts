import { findModel } from "../../adapters/found-model.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { adapterNamed, type EvalSettings } from "../../settings/apply.js";
import type { EncodedText } from "../../tasks/task.js";
import { countSkipped, encodeExamples } from "../../tasks/task-data.js";
import type { LoadedModel } from "../../training/load-model.js";
import { predictAll } from "../../training/trainer.js";
import { refuseExisting } from "../files.js";
import type { CommandContext } from "../run.js";
import { isTaught } from "../tasks/recall.js";
import type { TaskCommands } from "../tasks/task-commands.js";
import { withModel } from "../tasks/with-model.js";
import { evaluateTaught } from "./eval-taught.js";

/** `eval`: how often an adapter is right on labelled examples. */
export async function run(options: EvalSettings, context: CommandContext): Promise<void> {
  if (options.predictions !== undefined) await refuseExisting(options.predictions, options.overwrite);
  const found = await findModel(adapterNamed(options));
  if (isTaught(found)) return evaluateTaught(found, options, context);
  await withModel(found, options, context.output, (model, commands) =>
    evaluate(found.name, model, commands, options, context),
  );
}

async function evaluate<Example, Encoded extends EncodedText, Score>(
  adapter: string,
  { session, task, backbone }: LoadedModel<Example, Encoded, Score>,
  commands: TaskCommands<Example, Encoded, Score>,
  options: EvalSettings,
  { output, signal }: CommandContext,
): Promise<void> {
  const data = await commands.read(options.data, options);
  const { examples, skipped } = encodeExamples(task, backbone.tokenizer, data);
  const logits = await predictAll(session, examples, options.batchSize, signal);
  const predictions = examples.map((encoded, i) => ({ encoded, logits: logits[i] as Float32Array }));
  const score = task.score(predictions);
  if (options.predictions !== undefined) {
    const lines = predictions.map((prediction) => JSON.stringify(commands.comparison(prediction, task)));
    await writeFileAtomically(options.predictions, `${lines.join("\n")}\n`);
  }
  const left = countSkipped(skipped);
  commands.print(score, left, output);
  output.result({
    adapter,
    data: options.data.length === 1 ? options.data[0] : options.data,
    ...commands.result(score),
    skipped: left,
    skippedBy: skipped,
  });
}
