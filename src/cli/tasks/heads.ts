import { formatConllu } from "../../data/conllu.js";
import type { DependencySentence } from "../../data/dependency-sentence.js";
import { readTrees, type TreeFormat, treeFormats } from "../../data/tree-data.js";
import { userError } from "../../errors.js";
import { counted } from "../../phrases.js";
import { askTrees, attachmentsOf, treeWords } from "../../tasks/trees/asking.js";
import type { AttachmentRates, AttachmentScores } from "../../tasks/trees/attachment-scores.js";
import { type EncodedSentence, headPrediction } from "../../tasks/trees/head-prediction.js";
import { readTreeSet } from "../../tasks/trees/linguistic.js";
import { percent } from "./numbers.js";
import type { ReadOptions, TaskCommands } from "./task-commands.js";

/** The format that a flag names, if it names one. */
export function treeFormat(format: string | undefined): TreeFormat | "auto" {
  if (format === undefined) return "auto";
  const known = treeFormats.find((name) => name === format);
  if (known) return known;
  throw userError({
    where: "--format",
    what: `there is no format ${JSON.stringify(format)} of trees`,
    expected: `one of ${treeFormats.join(", ")}`,
  });
}

/** Rates in one line. */
export function attachmentSummary({ uas, uasNoPunct, las, lasNoPunct }: AttachmentRates): string {
  const pair = (name: string, all: number, words: number) =>
    `${name} ${(100 * all).toFixed(2)} % (without punctuation ${(100 * words).toFixed(2)} %)`;
  const labelled = las === undefined || lasNoPunct === undefined ? [] : [pair("LAS", las, lasNoPunct)];
  return [pair("UAS", uas, uasNoPunct), ...labelled].join(", ");
}

async function* readAll(files: readonly string[], { format }: ReadOptions): AsyncGenerator<DependencySentence> {
  for (const file of files) yield* readTrees(file, { format: treeFormat(format), unlabelled: true, keepLines: true });
}

const about = ({ where, id }: DependencySentence) => ({ where, ...(id === undefined ? {} : { id }) });

/** Heads of words on the command line. */
export const headCommands: TaskCommands<DependencySentence, EncodedSentence, AttachmentScores> = {
  kind: headPrediction,
  taskOptions: ({ tree }) => ({ tree }),
  read: (files, { format, brokenTrees = "error" }) => readTreeSet(files, { format: treeFormat(format), brokenTrees }),
  comparison: (prediction, task) => ({
    ...about(prediction.encoded.sentence),
    heads: prediction.encoded.sentence.words.map(({ head }) => head),
    predicted: attachmentsOf(prediction, task).map(({ head }) => head),
  }),
  print: (score, skipped, output) => {
    const files = Object.entries(score.perFile);
    const width = Math.max(5, ...files.map(([file]) => file.length));
    const line = (name: string, { uas, uasNoPunct, las, lasNoPunct, words, sentences }: AttachmentRates) => {
      const rates = [uas, uasNoPunct, ...(las === undefined ? [] : [las, lasNoPunct ?? 0])].map(percent);
      const counts = [sentences, words].map((count) => String(count).padStart(9));
      output.say(`${name.padEnd(width)}  ${rates.map((rate) => rate.padStart(8)).join("  ")}  ${counts.join("  ")}`);
    };
    const labelled = score.las === undefined ? "" : "       LAS  no punct";
    output.say(`${"file".padEnd(width)}       UAS  no punct${labelled}  sentences      words`);
    for (const [file, rates] of files) line(file, rates);
    if (files.length > 1) line("all", score);
    output.say(`${attachmentSummary(score)}, ${counted(score.sentences, "sentence")}, ${skipped} skipped`);
  },
  result: (score) => ({ ...score }),
  unlabelled: readAll,
  typed: ({ text, subject, object }) => {
    if (subject || object) {
      throw userError({ what: "the adapter tells trees, of no two words in particular", expected: "--text alone" });
    }
    return { ...askTrees.example({ text }), file: "--text", where: "--text" };
  },
  answer: (sentence, prediction, task) => {
    if ("skipped" in prediction) {
      const unknown = sentence.words.map(() => ({ head: null, relation: null }));
      const lines = [`# skipped = ${prediction.skipped}`, ...formatConllu(sentence, unknown)];
      return { ...prediction, json: { ...about(sentence), ...prediction }, text: `${lines.join("\n")}\n` };
    }
    const attachments = attachmentsOf(prediction, task);
    return {
      json: { ...about(sentence), words: treeWords(sentence, attachments) },
      text: `${formatConllu(sentence, attachments).join("\n")}\n`,
    };
  },
};
