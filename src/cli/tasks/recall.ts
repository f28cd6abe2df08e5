/**
 * Adapters that were taught facts, on the command line: asked for the word in a text's hole, and looked at.
 * @module
 */
import type { AdapterManifest } from "../../adapters/adapter-manifest.js";
import { readSubjects } from "../../adapters/folder.js";
import type { FoundModel } from "../../adapters/found-model.js";
import { readTextLines } from "../../data/text.js";
import { setting, userError } from "../../errors.js";
import { TaughtModel } from "../../probing/taught-model.js";
import type { PredictSettings } from "../../settings/apply.js";
import type { WordQuestion } from "../../tasks/recall/asking.js";
import { recall } from "../../tasks/recall/recall.js";
import type { Output } from "../output.js";
import { type RuntimeSettings, withEngine } from "../runtime.js";
import { shortened } from "./numbers.js";
import type { Answer } from "./task-commands.js";

/** Whether a folder holds an adapter that was taught facts. */
export const isTaught = ({ manifest }: Pick<FoundModel, "manifest">): boolean => manifest.task.name === recall.name;

type TaughtFlags = RuntimeSettings & Pick<PredictSettings, "backbone">;

/** Opens an adapter that was taught facts, says what there is to say of it, and closes it when it was used. */
export async function withTaught(
  found: FoundModel,
  flags: TaughtFlags,
  output: Output,
  use: (taught: TaughtModel) => Promise<void>,
): Promise<void> {
  await withEngine(flags, async (executor) => {
    await using taught = await TaughtModel.open(executor, found, flags.backbone);
    for (const note of [...taught.model.notes, ...taught.model.tokenizer.notes]) output.note(note);
    await use(taught);
  });
}

/** A text with a hole, and where it stands. */
export type TaughtQuestion = WordQuestion & { readonly where: string };

/** The texts that `predict` is given. */
export async function* taughtQuestions(options: PredictSettings): AsyncGenerator<TaughtQuestion> {
  const { data, text = "", subject, object } = options;
  if (subject !== undefined || object !== undefined) {
    throw userError({
      where: setting(subject === undefined ? "object" : "subject"),
      what: "the adapter tells the word for a hole, of no entity",
      expected: `${setting("text")} with [MASK]`,
    });
  }
  if (data) yield* readTextLines(data);
  else yield { text, where: "--text" };
}

/** `predict`: the words for the holes of some texts. */
export async function fillTaught(
  taught: TaughtModel,
  questions: readonly TaughtQuestion[],
  { top, batchSize }: PredictSettings,
  signal: AbortSignal,
): Promise<Answer[]> {
  const found = await taught.words(questions, { top, batchSize, signal });
  return found.map((words, i) => {
    const { where, text } = questions[i] as TaughtQuestion;
    const about = { where, text };
    if ("skipped" in words) return { json: { ...about, ...words }, skipped: words.skipped };
    return { json: { ...about, words: words.map((one) => ({ ...one, probability: shortened(one.probability) })) } };
  });
}

/** What `inspect` says of what such an adapter was taught: in lines, and for scripts. */
export async function taughtSummary(folder: string, manifest: AdapterManifest) {
  const { task, recipe } = manifest;
  const names = await readSubjects(folder, manifest);
  const { wordings, factsTaught = null, wordingsRead = null, subjectsTaught = null, sentencesRead = null } = recipe;
  const subjects = names?.length ?? subjectsTaught;
  const where = names === null ? "every text" : "texts that name one of them";
  const from =
    typeof wordings === "string" ? `from ${wordings}` : "the package's own, or made from the relations' names";
  const noWordings = sentencesRead !== null && wordingsRead === 0;
  return {
    rows: {
      task: `${task.name}: facts that the model's own head then names`,
      ...(factsTaught === null ? {} : { facts: factsTaught }),
      subjects: `${subjects ?? "of unknown number"}; the adapter has a say in ${where}`,
      ...(sentencesRead === null ? {} : { sentences: sentencesRead }),
      ...(noWordings ? {} : { wordings: wordingsRead === null ? from : `${wordingsRead}, ${from}` }),
    },
    facts: {
      ...{ facts: factsTaught, subjects, gated: names !== null, wordings: wordingsRead },
      ...(sentencesRead === null ? {} : { sentences: sentencesRead }),
    },
  };
}
