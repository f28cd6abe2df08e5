/**
 * Questions that all models of a comparison are asked, and what they answered.
 * @module
 */
import type { Executor } from "../src/engine/executor.js";
import { logSumExp, topIndices } from "../src/probing/answers.js";
import { ClozeModel } from "../src/probing/cloze-model.js";
import { recallEncoder } from "../src/probing/recall.js";
import type { EncodedRecall } from "../src/tasks/recall/recall.js";
import type { RecallExample } from "../src/tasks/recall/recall-example.js";
import { answerScores, type HiddenToken, keptScores } from "../src/tasks/recall/recall-scores.js";
import { encodeExamples } from "../src/tasks/task-data.js";
import type { Tokenizer } from "../src/text/tokenizer.js";

/** A text with hidden words, and which part of the table it counts for. */
export interface Question {
  readonly part: string;
  readonly text: EncodedRecall;
}

/** Of every hidden word of all questions, in their order. */
export interface Answers {
  /** The likeliest token. */
  readonly best: readonly number[];
  /** Of the right token. */
  readonly logProbability: readonly number[];
}

/** Encodes questions as teaching does. */
export function questionsOf(
  part: string,
  examples: readonly RecallExample[],
  tokenizer: Tokenizer,
  maxLength: number,
): readonly Question[] {
  return encodeExamples(recallEncoder(maxLength), tokenizer, { examples, skipped: {} }).examples.map((text) => ({
    part,
    text,
  }));
}

/** What the model answers alone (`none`), with each adapter, and with all of them. */
export async function askAdapters(
  executor: Executor,
  backbone: string,
  adapters: Readonly<Record<string, string>>,
  questions: readonly Question[],
): Promise<Readonly<Record<string, Answers>>> {
  await using model = await ClozeModel.open(executor, { backbone, adapters });
  const clozes = questions.flatMap(({ text: { inputIds, positions, labels } }) =>
    positions.map((position, i) => ({ inputIds, position, label: labels[i] as number })),
  );
  const answers = model.names.map(() => ({ best: [] as number[], logProbability: [] as number[] }));
  await model.ask(clozes, 64, (set, cloze, logits) => {
    const { best, logProbability } = answers[set] as (typeof answers)[number];
    best[cloze] = topIndices(logits, 1)[0] as number;
    logProbability[cloze] = (logits[clozes[cloze]?.label as number] as number) - logSumExp(logits);
  });
  return Object.fromEntries(model.names.map((name, set) => [name, answers[set] as Answers]));
}

export interface PartScores {
  /** Share of questions all of whose words are right. */
  readonly p1: number;
  /** Share of words that are the model's own, as it was. */
  readonly kept: number;
  /** Of the right words, after and before. */
  readonly perplexity: number;
  readonly before: number;
}

/** Scores by part. */
export function partScores(
  questions: readonly Question[],
  answers: Answers,
  before: Answers,
): Readonly<Record<string, PartScores>> {
  const parts = new Map<string, HiddenToken[][]>();
  let at = 0;
  for (const { part, text } of questions) {
    const tokens = text.labels.map((label): HiddenToken => {
      const i = at++;
      return {
        // Whether it is the likeliest is all that is known of a rank.
        rank: answers.best[i] === label ? 1 : 2,
        logProbability: answers.logProbability[i] as number,
        logProbabilityBefore: before.logProbability[i] as number,
        kept: answers.best[i] === before.best[i],
      };
    });
    parts.set(part, [...(parts.get(part) ?? []), tokens]);
  }
  return Object.fromEntries(
    [...parts].map(([part, tokens]) => {
      const { argmaxKept: kept, perplexity, before } = keptScores(tokens.flat());
      return [part, { p1: answerScores(tokens).p1, kept, perplexity, before }];
    }),
  );
}

/** Share of words that two models agree on. */
export const agreement = (one: Answers, other: Answers): number =>
  one.best.filter((word, i) => word === other.best[i]).length / one.best.length;
