/**
 * Adapters that were taught facts, on the command line: asked fact by fact, or for the word in a text's hole.
 * @module
 */
import type { AdapterManifest } from "../../adapters/adapter-manifest.js";
import { readSubjects } from "../../adapters/folder.js";
import type { FoundModel } from "../../adapters/found-model.js";
import { readTextLines } from "../../data/text.js";
import { setting, userError } from "../../errors.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { probeRecall, type RecallProbeScores } from "../../probing/recall.js";
import { TaughtModel, type TaughtOptions, taughtSet } from "../../probing/taught-model.js";
import type { EvalSettings, PredictSettings } from "../../settings/apply.js";
import type { WordQuestion } from "../../tasks/recall/asking.js";
import { recall } from "../../tasks/recall/recall.js";
import { type ReadQuestions, readQuestions } from "../../tasks/recall/recall-data.js";
import { type PartedWordings, partWordings, uniqueQuestions } from "../../tasks/recall/recall-questions.js";
import { countSkipped } from "../../tasks/task-data.js";
import type { Output } from "../output.js";
import type { CommandContext } from "../run.js";
import { type RuntimeSettings, withEngine } from "../runtime.js";
import { shortened } from "./numbers.js";
import type { Answer } from "./task-commands.js";

/** Whether a folder holds an adapter that was taught facts. */
export const isTaught = ({ manifest }: Pick<FoundModel, "manifest">): boolean => manifest.task.name === recall.name;

type TaughtFlags = RuntimeSettings & Pick<TaughtOptions, "backbone">;

/** Opens an adapter that was taught facts, says what there is to say of it, and closes it when it was used. */
export async function withTaught(
  found: FoundModel,
  flags: TaughtFlags,
  output: Output,
  use: (taught: TaughtModel) => Promise<void>,
  sets?: readonly string[],
): Promise<void> {
  const { backbone } = flags;
  await withEngine(flags, async (executor) => {
    await using taught = await TaughtModel.open(executor, found, { backbone, ...(sets ? { sets } : {}) });
    for (const note of [...taught.model.notes, ...taught.model.tokenizer.notes]) output.note(note);
    await use(taught);
  });
}

/** The model alone, and with the adapter. */
export const bothSets = ["none", taughtSet] as const;

/** A line of scores. */
export function scoreLine(name: string, { p1, typedP1, mrr }: RecallProbeScores): string {
  const [free, typed] = [p1, typedP1].map((rate) => `${(100 * rate).toFixed(1)} %`);
  return `${name}: P@1 ${free}, among the relation's objects ${typed}, MRR ${mrr.toFixed(3)}`;
}

type Part = keyof PartedWordings;

const parts: Readonly<Record<Part, string>> = { heldOut: "wordings never taught", taught: "wordings that were taught" };

/** `eval`: facts in all wordings of their relations, those that teaching holds out apart. */
export async function evaluateTaught(
  found: FoundModel,
  options: EvalSettings,
  { output, signal }: CommandContext,
): Promise<void> {
  const read = await readQuestions({ facts: options.data, wordings: options.wordings });
  const { facts, skipped: others } = uniqueQuestions(read.facts);
  const questions = { ...read, facts };
  noteWordings(found, options, output);
  const use = async (model: TaughtModel) => {
    const { heldOut = {}, taught = {}, ...left } = await scoreParts(model, questions, options, signal);
    for (const [part, scores] of Object.entries({ heldOut, taught })) {
      const { [taughtSet]: own } = scores;
      if (!own) continue;
      output.say(`${parts[part as Part]}, ${own.questions} questions`);
      for (const [name, one] of Object.entries(scores)) output.say(`  ${scoreLine(name, one)}`);
    }
    if (options.predictions !== undefined) await writeAnswers(options.predictions, model, questions, options, signal);
    const skipped = { ...read.skipped, ...others, ...left.skipped };
    const [asked, known] = [heldOut[taughtSet], taught[taughtSet]];
    output.result({
      adapter: found.name,
      data: options.data.length === 1 ? options.data[0] : options.data,
      ...(asked && { p1: asked.p1, mrr: asked.mrr }),
      ...(known && { taughtP1: known.p1, taughtMrr: known.mrr }),
      ...{ heldOut: asked, taught: known, before: { heldOut: heldOut["none"], taught: taught["none"] } },
      skipped: countSkipped(skipped),
      skippedBy: skipped,
    });
  };
  await withTaught(found, options, output, use, bothSets);
}

/**
 * The scores of each part that has wordings, by set of adapters.
 *
 * @throws UserError where no question can be asked
 */
async function scoreParts(
  { model, maxLength }: TaughtModel,
  questions: ReadQuestions,
  { data, batchSize }: EvalSettings,
  signal: AbortSignal,
) {
  const scores: Partial<Record<Part, Readonly<Record<string, RecallProbeScores>>>> = {};
  const skipped: Record<string, number> = {};
  for (const part of ["heldOut", "taught"] as const) {
    const report = await probeRecall(model, inPart(questions, part), maxLength, { batchSize, signal });
    for (const [reason, count] of Object.entries(report.skipped)) skipped[reason] = (skipped[reason] ?? 0) + count;
    if (report.scores[taughtSet]?.questions) scores[part] = report.scores;
  }
  if (scores.heldOut || scores.taught) return { ...scores, skipped };
  throw userError({ where: data.join(" "), what: `no question can be asked (${JSON.stringify(skipped)})` });
}

/** A line for each question, what the adapter says among it. */
async function writeAnswers(
  path: string,
  taught: TaughtModel,
  { facts, wordings }: ReadQuestions,
  { batchSize }: EvalSettings,
  signal: AbortSignal,
): Promise<void> {
  const examples = facts.flatMap((fact) => {
    const { heldOut } = partWordings(wordings.get(fact.relation) ?? []);
    return (wordings.get(fact.relation) ?? []).map(
      (wording) => ({ kind: "fact", fact, wording, heldOut: heldOut.includes(wording) }) as const,
    );
  });
  const answers = await taught.answers(examples, { batchSize, signal });
  const lines = answers.map(({ example: { fact, wording, heldOut }, predicted }) => {
    const { where, subject, relation, object } = fact;
    return JSON.stringify({ where, subject, relation, wording, heldOut, object, predicted });
  });
  await writeFileAtomically(path, `${lines.join("\n")}\n`);
}

const inPart = ({ facts, wordings }: ReadQuestions, part: Part) => ({
  facts,
  wordings: new Map(Array.from(wordings, ([relation, all]) => [relation, partWordings(all)[part]])),
});

/** Which wordings were taught follows from all of them, so other ones than those of the training tell something else. */
function noteWordings({ folder, manifest }: FoundModel, { wordings }: EvalSettings, output: Output): void {
  const taught = manifest.recipe["wordings"];
  if (wordings !== undefined || typeof taught !== "string") return;
  output.note(
    `${folder}: its facts were taught in the wordings of ${taught}; without ${setting("wordings")} they are asked in such as are made from the relations' names`,
  );
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
      expected: `${setting("text")} with one [MASK]`,
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
  const { wordings, wordingsTaught = null, wordingsHeldOut = null, subjectsTaught = null } = recipe;
  const subjects = names?.length ?? subjectsTaught;
  const where = names === null ? "every text" : "texts that name one of them";
  const counted = wordingsTaught === null ? "" : `${wordingsTaught} taught, ${wordingsHeldOut} held out; `;
  const from = typeof wordings === "string" ? `from ${wordings}` : "made from the relations' names";
  return {
    rows: {
      task: `${task.name}: facts that the model's own head then names`,
      subjects: `${subjects ?? "of unknown number"}; the adapter has a say in ${where}`,
      wordings: `${counted}${from}`,
    },
    facts: { subjects, gated: names !== null, wordingsTaught, wordingsHeldOut },
  };
}
