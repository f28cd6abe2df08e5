import type { Span } from "../../data/relation-example.js";
import type { EncodedText, Prediction, Skipped, Task, TaskKind, TaskSettings } from "../../tasks/task.js";
import type { ExampleSet } from "../../tasks/task-data.js";
import type { Output } from "../output.js";

/** A sentence typed on the command line. */
export interface TypedSentence {
  readonly text: string;
  /** For an adapter that tells relations. */
  readonly subject?: Span;
  readonly object?: Span;
}

/** What `predict` asks for besides the likeliest answer. */
export interface AnswerOptions {
  /** Answers to name for each example. */
  readonly top: number;
}

/** How data are read. */
export interface ReadOptions {
  /** As the flag has it; by content where it is left out. */
  readonly format?: string | undefined;
  /** For trees. */
  readonly brokenTrees?: "error" | "skip";
}

/** One task on the command line. */
export interface TaskCommands<Example, Encoded extends EncodedText, Score> {
  readonly kind: TaskKind<Example, Encoded, Score>;
  /** Settings of the task that flags of `eval` and `predict` change. */
  taskOptions?(flags: { readonly tree: boolean }): TaskSettings["options"];
  /** Reads labelled examples. */
  read(files: readonly string[], options: ReadOptions): Promise<ExampleSet<Example>>;
  /** A line of `eval --predictions`. */
  comparison(prediction: Prediction<Encoded>, task: Task<Example, Encoded, Score>): object;
  /** Prints a score for people. */
  print(score: Score, skipped: number, output: Output): void;
  /** A score in the result of `eval --json`. */
  result(score: Score): Readonly<Record<string, unknown>>;
  /** Reads examples whose answers are not known, one at a time. */
  unlabelled(files: readonly string[], options: ReadOptions): AsyncIterable<Example>;
  /** The example that was typed on the command line. */
  typed(sentence: TypedSentence): Example;
  /** What `predict` says of an example; `prediction` is why where there is none. */
  answer(
    example: Example,
    prediction: Prediction<Encoded> | Skipped,
    task: Task<Example, Encoded, Score>,
    options: AnswerOptions,
  ): Answer;
}

/** An answer as an object, and as it is printed or written: lines, or JSON where it is left out. */
export interface Answer {
  readonly json: object;
  /** Why there is none. */
  readonly skipped?: string;
  readonly text?: string;
}

/** A task whose types nobody outside asks for: whoever wants to use it says what to do with any. */
export type AnyTaskCommands = <R>(use: <X, E extends EncodedText, S>(commands: TaskCommands<X, E, S>) => R) => R;
