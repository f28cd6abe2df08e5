import { type RelationFormat, readRelations, relationFormats } from "../../data/relation-data.js";
import type { RelationExample } from "../../data/relation-example.js";
import type { OnSkip } from "../../data/skips.js";
import { userError } from "../../errors.js";
import { counted } from "../../phrases.js";
import type { ClassificationScores } from "../../tasks/classification-scores.js";
import { rankedRelations } from "../../tasks/relations/asking.js";
import { readRelationSet } from "../../tasks/relations/factual.js";
import type { PrototypeScores } from "../../tasks/relations/prototypes.js";
import { type EncodedRelation, relationClassification } from "../../tasks/relations/relation-classification.js";
import { relationContrast } from "../../tasks/relations/relation-contrast.js";
import { percent, shortenedAnswers } from "./numbers.js";
import type { ReadOptions, TaskCommands } from "./task-commands.js";

/** The format that a flag names, if it names one. */
export function relationFormat(format: string | undefined): RelationFormat | "auto" {
  if (format === undefined || format === "auto") return "auto";
  const known = relationFormats.find((name) => name === format);
  if (!known) {
    throw userError({
      where: "--format",
      what: `there is no format ${JSON.stringify(format)} of relations`,
      expected: `one of auto, ${relationFormats.join(", ")}`,
    });
  }
  return known;
}

async function* readAll(
  files: readonly string[],
  { format }: ReadOptions,
  onSkip: OnSkip,
): AsyncGenerator<RelationExample> {
  for (const file of files) yield* readRelations(file, { format: relationFormat(format), unlabelled: true, onSkip });
}

/** Relations on the command line. */
export const relationCommands: TaskCommands<RelationExample, EncodedRelation, ClassificationScores> = {
  kind: relationClassification,
  read: (files, { format }) => readRelationSet(files, { format: relationFormat(format) }),
  comparison: ({ encoded: { example }, logits }, task) => ({
    where: example.where,
    relation: example.relation,
    predicted: rankedRelations(logits, task, 1)[0]?.relation,
  }),
  print: (scores, skipped, output) => {
    const width = Math.max(8, ...Object.keys(scores.perClass).map(({ length }) => length));
    output.say(`${"relation".padEnd(width)}  precision  recall     F1  examples`);
    for (const [name, { precision, recall, f1, support }] of Object.entries(scores.perClass)) {
      if (support === 0) continue;
      output.say(
        `${name.padEnd(width)}      ${percent(precision)}   ${percent(recall)}  ${percent(f1)}  ${String(support).padStart(8)}`,
      );
    }
    output.say(
      `accuracy ${percent(scores.accuracy)} %, macro F1 ${percent(scores.macroF1)} %, ${counted(scores.examples, "example")}, ${skipped} skipped`,
    );
  },
  result: ({ perClass, ...rates }) => ({ ...rates, perRelation: perClass }),
  unlabelled: readAll,
  typed: ({ text, subject, object }) => {
    if (subject && object) return { text, subject, object, relation: "", where: "--text" };
    throw userError({ what: "the adapter tells relations", expected: "all of --text, --subject and --object" });
  },
  answer: ({ text, subject, object, where, id }, prediction, task, { top }) => {
    const about = {
      where,
      ...(id === undefined ? {} : { id }),
      subject: text.slice(subject.start, subject.end),
      object: text.slice(object.start, object.end),
    };
    if ("skipped" in prediction) return { ...prediction, json: { ...about, ...prediction } };
    return { json: { ...about, relations: shortenedAnswers(rankedRelations(prediction.logits, task, top)) } };
  },
};

/** Relations learnt by contrast: they are told by examples of them, so that there is no list to answer from. */
export const contrastCommands: TaskCommands<RelationExample, EncodedRelation, PrototypeScores> = {
  kind: relationContrast,
  read: relationCommands.read,
  comparison: ({ encoded: { example }, logits }) => ({
    where: example.where,
    relation: example.relation,
    vector: [...logits],
  }),
  print: ({ accuracy, examples, classes }, skipped, output) =>
    output.say(
      `nearest prototype of all other examples: ${percent(accuracy)} %, ${counted(classes, "relation")}, ${counted(examples, "example")}, ${skipped} skipped`,
    ),
  result: ({ accuracy, ...counts }) => ({ prototypeAccuracy: accuracy, ...counts }),
  unlabelled: readAll,
  typed: relationCommands.typed,
  answer: ({ where, id }, prediction) => {
    const about = { where, ...(id === undefined ? {} : { id }) };
    if ("skipped" in prediction) return { ...prediction, json: { ...about, ...prediction } };
    return { json: { ...about, vector: [...prediction.logits] } };
  },
};
