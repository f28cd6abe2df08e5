import { z } from "zod";
import type { OpenQuestion } from "../../data/open-questions.js";
import { userError } from "../../errors.js";
import { type Asking, askedWhere } from "../asking.js";
import type { Prediction } from "../task.js";
import type { EncodedQuestion } from "./encoded-question.js";
import type { OpenAnswer } from "./open-answers.js";
import { OpenQa, type OpenScores, openQa } from "./open-qa.js";

/** A question, and paragraphs that may answer it. */
export interface PassageQuestion {
  /** The question. */
  readonly question: string;
  /** Where answers are looked for. */
  readonly paragraphs: readonly string[];
}

/** Answers out of the paragraphs. */
export interface PassageAnswer {
  /** The likeliest; empty where no paragraph holds one. */
  readonly text: string;
  /** The likeliest first; as many as were asked for. */
  readonly answers: readonly OpenAnswer[];
}

/** The likeliest answers of a question. */
export const answersOf = (prediction: Prediction<EncodedQuestion>, task: object, top: number): OpenAnswer[] =>
  task instanceof OpenQa ? task.answers(prediction, top) : [];

/** A downstream model that answers out of paragraphs. */
export const askPassages: Asking<PassageQuestion, PassageAnswer, OpenQuestion, EncodedQuestion, OpenScores> = {
  kind: openQa,
  question: z.object({ question: z.string(), paragraphs: z.array(z.string()) }),
  example: ({ question, paragraphs }) => {
    if (paragraphs.length > 0) return { question, paragraphs, answers: [], where: askedWhere };
    throw userError({ where: `${askedWhere}: paragraphs`, what: "there is no paragraph to answer out of" });
  },
  answer: (_example, prediction, task, top) => {
    const answers = answersOf(prediction, task, Math.max(1, top));
    return { text: answers[0]?.text ?? "", answers };
  },
};
