import { z } from "zod";
import type { ChoiceExample } from "../../data/multiple-choice.js";
import { userError } from "../../errors.js";
import { type Asking, askedWhere } from "../asking.js";
import { argmax, probabilities } from "../classification-scores.js";
import { type ChoiceScores, type EncodedChoice, multipleChoice } from "./multiple-choice.js";

/** A question about a context, with as many answers to choose from as the model was trained on. */
export interface ChoiceQuestion {
  /** What is read before it is answered. */
  readonly context: string;
  /** The question. */
  readonly question: string;
  /** The answers to choose from. */
  readonly answers: readonly string[];
}

/** The chosen answer. */
export interface ChoiceAnswer {
  /** Its index. */
  readonly choice: number;
  /** The answer itself. */
  readonly answer: string;
  /** Of each answer, from 0 to 1. */
  readonly probabilities: readonly number[];
}

/** A downstream model that chooses between answers. */
export const askChoice: Asking<ChoiceQuestion, ChoiceAnswer, ChoiceExample, EncodedChoice, ChoiceScores> = {
  kind: multipleChoice,
  question: z.object({ context: z.string(), question: z.string(), answers: z.array(z.string()) }),
  example: ({ context, question, answers }) => {
    if (answers.length > 0) return { context, question, answers, label: -1, where: askedWhere };
    throw userError({ where: `${askedWhere}: answers`, what: "there is nothing to choose from" });
  },
  answer: ({ answers }, { logits }) => {
    const choice = argmax(logits);
    return { choice, answer: answers[choice] as string, probabilities: [...probabilities(logits)] };
  },
};
