import { readEntityTyping, type TypingExample } from "../data/entity-typing.js";
import { type ChoiceExample, readMultipleChoice } from "../data/multiple-choice.js";
import { type OpenQuestion, readOpenQuestions } from "../data/open-questions.js";
import type { ReadRelationsOptions } from "../data/relation-data.js";
import type { RelationExample } from "../data/relation-example.js";
import { noRelation } from "../data/tacred.js";
import { userError } from "../errors.js";
import type { DownstreamTaskData } from "../training/finetune.js";
import { type ChoiceScores, type EncodedChoice, multipleChoice } from "./choice/multiple-choice.js";
import { type HeldOut, holdOut } from "./hold-out.js";
import { distantAnswers } from "./qa/distant-answers.js";
import { type EncodedQuestion, noAnswerInParagraphs, type OpenScores, openQa } from "./qa/open-qa.js";
import { downstreamRelations, type RelationScores } from "./relations/downstream-relations.js";
import { holdOutRelations, readRelationSet } from "./relations/factual.js";
import type { EncodedRelation } from "./relations/relation-classification.js";
import { collectExamples, type ExampleSet } from "./task-data.js";
import { type EncodedMention, entityTyping } from "./typing/entity-typing.js";
import type { TypingScores } from "./typing/typing-scores.js";

/** Files of a downstream data set. */
export interface DownstreamData {
  readonly train: readonly string[];
  /** Default: a tenth of the training examples. */
  readonly dev?: readonly string[] | undefined;
  /** Decides what is held out where there are no {@link dev} data. */
  readonly seed?: number;
  readonly test?: readonly string[];
}

async function readSets<X>(
  { train, dev, test, seed = 42 }: DownstreamData,
  read: (files: readonly string[]) => Promise<ExampleSet<X>>,
  part: (set: ExampleSet<X>, seed: number) => HeldOut<X> = (set) => holdOut(set, { seed }),
) {
  const all = await read(train);
  const sets = dev ? { train: all, dev: await read(dev) } : part(all, seed);
  return test ? { ...sets, test: await read(test) } : sets;
}

/** Relations; the training data's are the classes. */
export async function relationsTaskData(
  data: DownstreamData,
  read: ReadRelationsOptions,
  { maxNegatives = Number.POSITIVE_INFINITY, markers = "plain", official = false },
): Promise<DownstreamTaskData<RelationExample, EncodedRelation, RelationScores>> {
  const sets = await readSets(data, (files) => readRelationSet(files, read), holdOutRelations);
  const labels = [...new Set(sets.train.examples.map(({ relation }) => relation))].sort();
  return {
    kind: downstreamRelations,
    settings: { labels, options: { markers, official } },
    ...sets,
    train: limited(sets.train, maxNegatives),
  };
}

/** A training set with at most so many pairs without a relation, the first ones. */
function limited(set: ExampleSet<RelationExample>, maxNegatives: number): ExampleSet<RelationExample> {
  let negatives = 0;
  const examples = set.examples.filter(({ relation }) => relation !== noRelation || negatives++ < maxNegatives);
  const left = set.examples.length - examples.length;
  return left === 0 ? set : { ...set, examples, skipped: { ...set.skipped, "over-max-negatives": left } };
}

/** Entity typing; the training data's types are the classes, in the order in which they appear there. */
export async function typingTaskData(
  data: DownstreamData,
  { alwaysOne = false, official = false as false | "openentity" | "figer" },
): Promise<DownstreamTaskData<TypingExample, EncodedMention, TypingScores>> {
  const sets = await readSets(data, readTypingSet, (set, seed) => holdOut(set, { seed, together: ({ text }) => text }));
  const labels = [...new Set(sets.train.examples.flatMap((example) => example.labels))];
  if (labels.length === 0) throw userError({ where: sets.train.where, what: "no mention of the file has a type" });
  return { kind: entityTyping, settings: { labels, options: { alwaysOne, official } }, ...sets };
}

export function readTypingSet(files: readonly string[]): Promise<ExampleSet<TypingExample>> {
  return collectExamples(files, (file) => readEntityTyping(file), "an array of mentions with types");
}

/** Multiple choice. */
export async function choiceTaskData(
  data: DownstreamData,
): Promise<DownstreamTaskData<ChoiceExample, EncodedChoice, ChoiceScores>> {
  const sets = await readSets(data, readChoiceSet);
  return { kind: multipleChoice, settings: { labels: null, options: { choices: 4 } }, ...sets };
}

export function readChoiceSet(files: readonly string[]): Promise<ExampleSet<ChoiceExample>> {
  return collectExamples(files, (file) => readMultipleChoice(file), "questions with four answers");
}

/** Open-domain questions; a training question that no paragraph answers is left out and counted. */
export async function openQaTaskData(
  data: DownstreamData,
  { maxParagraphs, maxAnswerLength }: { readonly maxParagraphs: number; readonly maxAnswerLength: number },
): Promise<DownstreamTaskData<OpenQuestion, EncodedQuestion, OpenScores>> {
  const sets = await readSets(data, (files) => readQuestionSet(files, maxParagraphs));
  return {
    kind: openQa,
    settings: { labels: null, options: { maxAnswerLength, maxParagraphs } },
    ...sets,
    train: answerable(sets.train),
  };
}

export function readQuestionSet(files: readonly string[], maxParagraphs?: number): Promise<ExampleSet<OpenQuestion>> {
  const options = maxParagraphs === undefined ? {} : { maxParagraphs };
  return collectExamples(files, (file) => readOpenQuestions(file, options), "questions with paragraphs");
}

function answerable(set: ExampleSet<OpenQuestion>): ExampleSet<OpenQuestion> {
  const examples = set.examples.filter(
    ({ paragraphs, answers }) =>
      paragraphs.length === 0 || paragraphs.some((paragraph) => distantAnswers(paragraph, answers).length > 0),
  );
  const left = set.examples.length - examples.length;
  return { ...set, examples, skipped: { ...set.skipped, ...(left === 0 ? {} : { [noAnswerInParagraphs]: left }) } };
}
