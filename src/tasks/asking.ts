/**
 * How a finished model is asked: what a question is, and what is said to it. The library's `predict`, the command
 * line and a server have it from here.
 * @module
 */
import type { z } from "zod";
import type { EncodedText, Prediction, Task, TaskKind } from "./task.js";

/** How a model of one kind of task is asked. */
export interface Asking<Question, Answer, Example, Encoded extends EncodedText, Score> {
  readonly kind: TaskKind<Example, Encoded, Score>;
  /** What a question holds: those who write JavaScript are told what is missing. */
  readonly question: z.ZodType<Question>;
  /**
   * The question as an example without its answer.
   *
   * @throws UserError where something of it is missing or does not fit together
   */
  example(question: Question): Example;
  /** @param top how many answers are named, the likeliest first, where a task ranks them */
  answer(example: Example, prediction: Prediction<Encoded>, task: Task<Example, Encoded, Score>, top: number): Answer;
}

/** Where a question of the library's caller stands, for error lines. */
export const askedWhere = "question";
