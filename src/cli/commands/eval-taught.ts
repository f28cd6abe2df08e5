import { z } from "zod";
import { readSubjects } from "../../adapters/folder.js";
import type { FoundModel } from "../../adapters/found-model.js";
import { setting } from "../../errors.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { counted } from "../../phrases.js";
import type { EvalSettings } from "../../settings/apply.js";
import { recallSettings } from "../../settings/recall.js";
import { type EncodedRecall, type RecallScores, recall, recallOptionsOf } from "../../tasks/recall/recall.js";
import { readQuestions } from "../../tasks/recall/recall-data.js";
import { recallQuestions } from "../../tasks/recall/recall-questions.js";
import { SubjectGate } from "../../tasks/recall/subject-gate.js";
import { turned } from "../../tasks/recall/turned-facts.js";
import type { Prediction, Task } from "../../tasks/task.js";
import { countSkipped, encodeFitting } from "../../tasks/task-data.js";
import { loadModel } from "../../training/load-model.js";
import { predictAll } from "../../training/trainer.js";
import type { Output } from "../output.js";
import type { CommandContext } from "../run.js";
import { withEngine } from "../runtime.js";
import { recallSummary } from "./teach.js";

/** What decided, in the training, which facts are asked, and in which wordings. */
const choicesSchema = z.object({
  seed: recallSettings.seed.schema,
  asked: recallSettings.asked.schema,
  wordingsPerFact: recallSettings.wordingsPerFact.schema,
  bothDirections: recallSettings.bothDirections.schema,
});

/** `eval` of an adapter that was taught facts: what `teach` says at its end, over some facts in their wordings. */
export async function evaluateTaught(
  found: FoundModel,
  options: EvalSettings,
  { output, signal }: CommandContext,
): Promise<void> {
  noteWordings(found, options, output);
  const set = await questionsOf(found, options);
  await withEngine(options, async (executor) => {
    await using model = await loadModel(executor, found.name, recall, { backbone: options.backbone });
    for (const note of model.notes) output.note(note);
    const { tokenizer } = model.backbone;
    const encoded = encodeFitting(model.task, tokenizer, set);
    const subjects = found.what === "adapter" ? await readSubjects(found.folder, found.manifest) : null;
    const { reach } = recallOptionsOf(found.manifest.task.options);
    const gate = subjects === null ? null : new SubjectGate(tokenizer, subjects, reach);
    // A fact that is being taught has the adapter's say; here others may be asked, too.
    const opened = ({ inputIds, positions }: EncodedRecall) =>
      positions.map((position) => gate?.opensAt(inputIds, position) ?? true);
    const examples = encoded.examples.map((one) => ({ ...one, open: opened(one) }));
    const logits = await predictAll(model.session, examples, options.batchSize, signal);
    const predictions = examples.map((one, i) => ({ encoded: one, logits: logits[i] as Float32Array }));
    if (options.predictions !== undefined) await writeAnswers(options.predictions, predictions, model.task);
    const scores = model.task.score(predictions);
    const { taught, heldOut, backward } = scores;
    const questions = [taught, heldOut, ...(backward ? [backward.taught, backward.heldOut] : [])].reduce(
      (sum, one) => sum + one.questions,
      0,
    );
    const skipped = countSkipped(encoded.skipped);
    output.say(`${recallSummary(scores)}; ${counted(questions, "question")}, ${skipped} skipped`);
    const { p1, mrr, taughtP1, taughtMrr } = model.task.evaluation(scores).metrics;
    output.result({
      adapter: found.name,
      data: options.data.length === 1 ? options.data[0] : options.data,
      ...(heldOut.questions > 0 ? { p1, mrr } : {}),
      ...{ taughtP1, taughtMrr, taught, heldOut, ...(backward ? { backward } : {}) },
      ...{ skipped, skippedBy: encoded.skipped },
    });
  });
}

/** The questions that the training's last evaluation asks of such facts. */
async function questionsOf({ manifest }: FoundModel, { data, wordings }: EvalSettings) {
  const read = await readQuestions({ facts: data, wordings });
  const given = choicesSchema.safeParse(manifest.recipe);
  const choices = given.success ? given.data : choicesSchema.parse({});
  const { train, dev } = recallQuestions(
    { where: data.join(" "), ...read, text: [], others: [] },
    { ...choices, neighbours: "prior", wordDropout: 0, textShare: 0, neighbourShare: 0 },
  );
  return { where: data.join(" "), examples: dev.examples, skipped: { ...read.skipped, ...train.skipped } };
}

/** Which wordings were taught follows from all of them, so other ones than those of the training tell something else. */
function noteWordings({ folder, manifest }: FoundModel, { wordings }: EvalSettings, output: Output): void {
  const taught = manifest.recipe["wordings"];
  if (wordings !== undefined || typeof taught !== "string") return;
  output.note(
    `${folder}: its facts were taught in the wordings of ${taught}; without ${setting("wordings")} they are asked in the package's own, or such as are made from the relations' names`,
  );
}

/** A line for each question, `backward` where it asks the subject, with the rank of the right answer in the vocabulary (of several tokens the worst one's). */
function writeAnswers(
  path: string,
  predictions: readonly Prediction<EncodedRecall>[],
  task: Pick<Task<unknown, EncodedRecall, RecallScores>, "score">,
): Promise<void> {
  const lines = predictions.flatMap((prediction) => {
    const { example } = prediction.encoded;
    if (example.kind !== "fact") return [];
    const { heldOut, backward } = example;
    const { fact, wording } = backward ? turned(example) : example;
    const { where, subject, relation, object } = fact;
    const scores = task.score([prediction]);
    const { mrr, probability } = ((backward && scores.backward) || scores)[heldOut ? "heldOut" : "taught"];
    const way = backward ? { backward } : {};
    const about = { where, subject, relation, wording, heldOut, object, ...way };
    return [JSON.stringify({ ...about, rank: Math.round(1 / mrr), probability })];
  });
  return writeFileAtomically(path, `${lines.join("\n")}\n`);
}
