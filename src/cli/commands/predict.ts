import type { FileHandle } from "node:fs/promises";
import { findModel } from "../../adapters/found-model.js";
import type { Span } from "../../data/relation-example.js";
import { type OnSkip, SkipCounter } from "../../data/skips.js";
import { writeAtomically } from "../../files/atomic.js";
import { partName } from "../../part.js";
import { counted } from "../../phrases.js";
import type { TaughtModel } from "../../probing/taught-model.js";
import { adapterNamed, type PredictSettings } from "../../settings/apply.js";
import type { EncodedText } from "../../tasks/task.js";
import { encodeUnlabelled, isSkipped } from "../../tasks/task-data.js";
import type { LoadedModel } from "../../training/load-model.js";
import { predictAll } from "../../training/trainer.js";
import { refuseExisting } from "../files.js";
import { jsonLine } from "../output.js";
import type { CommandContext } from "../run.js";
import { chunksOf } from "../tasks/chunks.js";
import { fillTaught, isTaught, taughtQuestions, withTaught } from "../tasks/recall.js";
import type { Answer, TaskCommands, TypedSentence } from "../tasks/task-commands.js";
import { withModel } from "../tasks/with-model.js";

/** `predict`: the answer to every example, in the data's order. */
export async function run(given: PredictSettings, context: CommandContext): Promise<void> {
  const { out: file, part } = given;
  const options = file && part ? { ...given, out: `${file}.${partName(part)}` } : given;
  if (options.out !== undefined) await refuseExisting(options.out, options.overwrite);
  const found = await findModel(adapterNamed(options));
  const { output, signal } = context;
  if (isTaught(found)) {
    return withTaught(found, options, output, (taught) =>
      report(found.name, (onSkip) => filled(taught, options, onSkip, signal), options, context),
    );
  }
  await withModel(found, options, output, (model, commands) =>
    report(found.name, (onSkip) => answers(commands, model, options, onSkip, signal), options, context),
  );
}

/** Prints or writes the answers as they come. */
async function report(
  adapter: string,
  answersOf: (onSkip: OnSkip) => AsyncIterable<Answer>,
  options: PredictSettings,
  { output }: CommandContext,
): Promise<void> {
  const { out } = options;
  const predictions: Answer["json"][] = [];
  const { counts: skipped, onSkip } = new SkipCounter();
  let [examples, unanswered] = [0, 0];
  const answerTo = async (write: (line: string) => Promise<void> | void) => {
    for await (const { json, text, skipped: reason } of answersOf(onSkip)) {
      examples++;
      if (reason !== undefined) {
        unanswered++;
        onSkip(reason, "");
      }
      if (output.json && out === undefined) predictions.push(json);
      else await write(text ?? jsonLine(json));
    }
  };
  if (out === undefined) await answerTo((line) => output.say(line));
  else await writeAtomically(out, (file) => answerTo((line) => appendLine(file, line)));
  if (out !== undefined) output.say(`${counted(examples, "example")} in ${out}`);
  for (const [reason, count] of Object.entries(skipped)) output.note(`skipped ${count}: ${reason}`);
  output.result({
    adapter,
    examples,
    // What a format leaves out, such as a question's short paragraph, stands under its reason alone.
    skipped: unanswered,
    skippedBy: skipped,
    ...(out === undefined ? { predictions } : { out }),
  });
}

async function appendLine(file: FileHandle, line: string): Promise<void> {
  await file.appendFile(`${line}\n`);
}

async function* answers<Example, Encoded extends EncodedText, Score>(
  commands: TaskCommands<Example, Encoded, Score>,
  model: LoadedModel<Example, Encoded, Score>,
  options: PredictSettings,
  onSkip: OnSkip,
  signal: AbortSignal,
): AsyncGenerator<Answer> {
  const { data } = options;
  const examples = (told: OnSkip) =>
    data ? commands.unlabelled(data, options, told) : [commands.typed(typedSentence(options))];
  for await (const chunk of chunksOf(examples, options, onSkip)) {
    yield* await answerAll(commands, model, chunk, options, signal);
  }
}

async function* filled(
  taught: TaughtModel,
  options: PredictSettings,
  onSkip: OnSkip,
  signal: AbortSignal,
): AsyncGenerator<Answer> {
  for await (const chunk of chunksOf(() => taughtQuestions(options), options, onSkip)) {
    yield* await fillTaught(taught, chunk, options, signal);
  }
}

async function answerAll<Example, Encoded extends EncodedText, Score>(
  commands: TaskCommands<Example, Encoded, Score>,
  { task, session, backbone }: LoadedModel<Example, Encoded, Score>,
  examples: readonly Example[],
  options: PredictSettings,
  signal: AbortSignal,
): Promise<Answer[]> {
  const encoded = examples.map((example) => encodeUnlabelled(task, example, backbone.tokenizer));
  const usable = encoded.flatMap((result) => (isSkipped(result) ? [] : [result]));
  const logits = await predictAll(session, usable, options.batchSize, signal);
  let next = 0;
  return encoded.map((result, i) => {
    const prediction = isSkipped(result) ? result : { encoded: result, logits: logits[next++] as Float32Array };
    return commands.answer(examples[i] as Example, prediction, task, options);
  });
}

/** The sentence of the command line; what it does not name is left out. */
function typedSentence({ text = "", subject, object }: PredictSettings): TypedSentence {
  return {
    text,
    ...(subject === undefined ? {} : { subject: find(text, subject) }),
    ...(object === undefined ? {} : { object: find(text, object) }),
  };
}

/** Where the words stand; the first place counts. */
function find(text: string, words: string): Span {
  const start = text.indexOf(words);
  return { start, end: start + words.length };
}
