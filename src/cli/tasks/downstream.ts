import { readEntityTyping, type TypingExample } from "../../data/entity-typing.js";
import { type ChoiceExample, readMultipleChoice } from "../../data/multiple-choice.js";
import { type OpenQuestion, readOpenQuestions } from "../../data/open-questions.js";
import type { RelationExample } from "../../data/relation-example.js";
import { userError } from "../../errors.js";
import { counted } from "../../phrases.js";
import { askChoice } from "../../tasks/choice/asking.js";
import { readChoiceSet } from "../../tasks/choice/choice-data.js";
import { type ChoiceScores, type EncodedChoice, multipleChoice } from "../../tasks/choice/multiple-choice.js";
import { argmax } from "../../tasks/classification-scores.js";
import { answersOf } from "../../tasks/qa/asking.js";
import type { EncodedQuestion } from "../../tasks/qa/encoded-question.js";
import { type OpenScores, openQa } from "../../tasks/qa/open-qa.js";
import { readQuestionSet } from "../../tasks/qa/question-data.js";
import { downstreamRelations, type RelationScores } from "../../tasks/relations/downstream-relations.js";
import type { EncodedRelation } from "../../tasks/relations/relation-classification.js";
import { typesOf } from "../../tasks/typing/asking.js";
import { type EncodedMention, entityTyping } from "../../tasks/typing/entity-typing.js";
import { readTypingSet } from "../../tasks/typing/typing-data.js";
import type { TypingScores } from "../../tasks/typing/typing-scores.js";
import { percent, shortened, shortenedAnswers } from "./numbers.js";
import { relationCommands } from "./relation.js";
import type { TaskCommands } from "./task-commands.js";

async function* readEach<X>(files: readonly string[], read: (file: string) => AsyncIterable<X>): AsyncGenerator<X> {
  for (const file of files) yield* read(file);
}

const noTyped = (what: string, data: string): never => {
  throw userError({ what, expected: `${data} with --data` });
};

/** Relations with the downstream head. */
export const downstreamRelationCommands: TaskCommands<RelationExample, EncodedRelation, RelationScores> = {
  ...relationCommands,
  kind: downstreamRelations,
  print: (scores, skipped, output) => {
    relationCommands.print(scores, skipped, output);
    const { micro, semEval } = scores;
    if (micro) {
      output.say(
        `over the relations: precision ${percent(micro.precision)} %, recall ${percent(micro.recall)} %, micro F1 ${percent(micro.f1)} %`,
      );
    }
    if (semEval !== null) output.say(`official macro F1 ${percent(semEval)} %`);
  },
  result: ({ micro, semEval, ...scores }) => ({
    ...relationCommands.result(scores),
    ...(micro ?? {}),
    ...(semEval === null ? {} : { officialMacroF1: semEval }),
  }),
};

/** Entity types. */
export const typingCommands: TaskCommands<TypingExample, EncodedMention, TypingScores> = {
  kind: entityTyping,
  read: readTypingSet,
  comparison: ({ encoded: { example }, logits }, task) => ({
    where: example.where,
    labels: example.labels,
    predicted: typesOf(logits, task),
  }),
  print: ({ looseMicro, looseMacro, strictAccuracy, examples }, skipped, output) => {
    output.say(
      `micro precision ${percent(looseMicro.precision)} %, recall ${percent(looseMicro.recall)} %, F1 ${percent(looseMicro.f1)} %; ` +
        `macro F1 ${percent(looseMacro.f1)} %; strict ${percent(strictAccuracy)} %; ${counted(examples, "example")}, ${skipped} skipped`,
    );
  },
  result: ({ looseMicro, looseMacro, ...scores }) => ({
    ...looseMicro,
    ...{ microF1: looseMicro.f1, macroF1: looseMacro.f1, looseMicro, looseMacro },
    ...scores,
  }),
  unlabelled: (files) => readEach(files, (file) => readEntityTyping(file, { unlabelled: true })),
  typed: ({ text, subject, object }) =>
    subject && !object
      ? { text, mention: subject, labels: [], where: "--text" }
      : noTyped("the model tells the types of a mention", "--text and --subject, or mentions"),
  answer: ({ text, mention, where }, prediction, task) => {
    const about = { where, mention: text.slice(mention.start, mention.end) };
    if ("skipped" in prediction) return { ...prediction, json: { ...about, ...prediction } };
    return { json: { ...about, labels: typesOf(prediction.logits, task) } };
  },
};

/** Questions with answers to choose from. */
export const choiceCommands: TaskCommands<ChoiceExample, EncodedChoice, ChoiceScores> = {
  kind: multipleChoice,
  read: readChoiceSet,
  comparison: ({ encoded: { example }, logits }) => ({
    where: example.where,
    label: example.label,
    predicted: argmax(logits),
  }),
  print: ({ accuracy, examples }, skipped, output) =>
    output.say(`accuracy ${percent(accuracy)} %, ${counted(examples, "example")}, ${skipped} skipped`),
  result: (scores) => ({ ...scores }),
  unlabelled: (files) => readEach(files, (file) => readMultipleChoice(file, { unlabelled: true })),
  typed: () => noTyped("the model chooses between answers", "questions"),
  answer: (example, prediction, task) => {
    const about = { where: example.where, ...(example.id === undefined ? {} : { id: example.id }) };
    if ("skipped" in prediction) return { ...prediction, json: { ...about, ...prediction } };
    const { probabilities, ...chosen } = askChoice.answer(example, prediction, task, 1);
    return { json: { ...about, ...chosen, probabilities: probabilities.map(shortened) } };
  },
};

/** Open-domain questions. */
export const openQaCommands: TaskCommands<OpenQuestion, EncodedQuestion, OpenScores> = {
  kind: openQa,
  read: (files) => readQuestionSet(files),
  comparison: (prediction, task) => ({
    where: prediction.encoded.example.where,
    answers: prediction.encoded.example.answers,
    predicted: answersOf(prediction, task, 1)[0]?.text ?? "",
  }),
  print: ({ exactMatch, f1, questions }, skipped, output) =>
    output.say(
      `exact match ${percent(exactMatch)} %, F1 ${percent(f1)} %, ${counted(questions, "question")}, ${skipped} skipped`,
    ),
  result: (scores) => ({ ...scores }),
  unlabelled: (files, _, onSkip) => readEach(files, (file) => readOpenQuestions(file, { unlabelled: true, onSkip })),
  typed: () => noTyped("the model answers out of paragraphs", "questions with paragraphs"),
  answer: ({ where, question }, prediction, task, { top }) => {
    const about = { where, question };
    if ("skipped" in prediction) return { ...prediction, json: { ...about, ...prediction } };
    return { json: { ...about, answers: shortenedAnswers(answersOf(prediction, task, top)) } };
  },
};
