import { type OpenQuestion, readOpenQuestions } from "../../data/open-questions.js";
import { type DownstreamData, readSets } from "../downstream-data.js";
import { filteredExamples } from "../examples.js";
import { collectExamples, type DownstreamTaskData, type ExampleSet } from "../task-data.js";
import { distantAnswers } from "./distant-answers.js";
import type { EncodedQuestion } from "./encoded-question.js";
import { noAnswerInParagraphs, type OpenScores, openQa } from "./open-qa.js";

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
  return collectExamples(
    files,
    (file, onSkip) => readOpenQuestions(file, { ...options, onSkip }),
    "questions with paragraphs",
  );
}

function answerable(set: ExampleSet<OpenQuestion>): ExampleSet<OpenQuestion> {
  const examples = filteredExamples(
    set.examples,
    ({ paragraphs, answers }) =>
      paragraphs.length === 0 || paragraphs.some((paragraph) => distantAnswers(paragraph, answers).length > 0),
  );
  const left = set.examples.length - examples.length;
  return { ...set, examples, skipped: { ...set.skipped, ...(left === 0 ? {} : { [noAnswerInParagraphs]: left }) } };
}
