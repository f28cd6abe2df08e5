/**
 * Several tasks in one training: what they share learns from all of them, and each step is one batch of one task.
 * @module
 */
import type { Executor, Tensors } from "../engine/executor.js";
import type { Parameter } from "../graph/index.js";
import type { StoredData } from "../tasks/encoded-examples.js";
import type { EncodedText, Evaluation } from "../tasks/task.js";
import type { SkipCounts } from "../tasks/task-data.js";
import { type CourseExample, repeated, setOfCourses } from "./course-examples.js";
import { ParameterState, StatefulSession } from "./parameter-state.js";
import { scoreOf } from "./run.js";
import { onlyBatch, type PredictionSession, type StepResult, type StepScalars, type StepSession } from "./session.js";
import type { TaskModel } from "./task-model.js";
import { stored, type TrainingSet } from "./trainer.js";

/** One task in the training, without its types. */
export interface Course {
  readonly name: string;
  readonly set: TrainingSet<EncodedText>;
  /** All of its model, and those of them that learn. */
  readonly parameters: readonly Parameter[];
  readonly trainable: readonly Parameter[];
  /** Those that are its own. */
  readonly heads: readonly Parameter[];
  readonly skipped: SkipCounts;
  step(batch: readonly CourseExample[], scalars: StepScalars): Promise<StepResult>;
  evaluate(): Promise<Evaluation>;
}

/** What a course consists of. */
export interface CourseParts<Example, Encoded extends EncodedText, Score> extends TaskModel<Example, Encoded, Score> {
  readonly name: string;
  readonly train: StoredData<Encoded>;
  readonly dev: StoredData<Encoded>;
  readonly session: StepSession<Encoded>;
  readonly prediction: PredictionSession<Encoded>;
  /** Examples of the dev data in one pass. */
  readonly batchSize: number;
  /** How often each training example is read in an epoch; once by default. */
  readonly times?: number;
}

export function makeCourse<Example, Encoded extends EncodedText, Score>(
  parts: CourseParts<Example, Encoded, Score>,
): Course {
  const { name, task, model, train, dev, session, prediction, batchSize, times = 1 } = parts;
  return {
    name,
    set: repeated(stored<EncodedText>(train.examples), times),
    parameters: model.parameters,
    trainable: model.trainable,
    heads: model.taskParameters,
    skipped: train.skipped,
    step: (batch, scalars) => session.step([batch.map(({ own }) => own as Encoded)], scalars),
    evaluate: async () => task.evaluation(await scoreOf(task, prediction, dev.examples, batchSize)),
  };
}

/** All courses' parameters as one state. */
export class CoursesSession extends StatefulSession implements StepSession<CourseExample> {
  /** @param given start values that are not drawn */
  constructor(
    executor: Executor,
    private readonly courses: readonly Course[],
    given: () => Promise<Tensors>,
  ) {
    const all = (of: (course: Course) => readonly Parameter[]) => distinct(courses.flatMap(of));
    const learning = new Set(all(({ trainable }) => trainable).map(({ name }) => name));
    const parameters = all((course) => course.parameters);
    super(
      new ParameterState(
        executor,
        parameters,
        parameters.filter(({ name }) => learning.has(name)),
        given,
      ),
    );
  }

  readonly accumulates = false;

  /** The courses' sessions are closed with the training's scope. */
  async close(): Promise<void> {}

  step(microBatches: readonly (readonly CourseExample[])[], scalars: StepScalars): Promise<StepResult> {
    const batch = onlyBatch(microBatches);
    const course = this.courses[batch[0]?.course ?? -1];
    if (!course) throw new Error("a step without examples");
    return course.step(batch, scalars);
  }
}

/** What courses share occurs in every one's model. */
export const distinct = (parameters: readonly Parameter[]): readonly Parameter[] => [
  ...new Map(parameters.map((parameter) => [parameter.name, parameter])).values(),
];

/** What a training of courses learns from. */
export const examplesOf = (courses: readonly Course[]): TrainingSet<CourseExample> =>
  setOfCourses(courses.map(({ set }) => set));

/** Scores on each course's dev data, by its name. */
export async function evaluations(courses: readonly Course[]): Promise<Record<string, Evaluation>> {
  const found: Record<string, Evaluation> = {};
  for (const course of courses) found[course.name] = await course.evaluate();
  return found;
}

/** All courses' scores under their names, and the mean of those that decide. */
export function meanEvaluation(scores: Readonly<Record<string, Evaluation>>): Evaluation {
  const named = Object.entries(scores);
  const metric = named.reduce((sum, [, own]) => sum + own.metric, 0) / named.length;
  return { metrics: Object.fromEntries(named.flatMap(namedMetrics)), metric };
}

/** A course's scores, its name before each. */
export const namedMetrics = ([name, { metrics }]: readonly [string, Evaluation]): [string, number][] =>
  Object.entries(metrics).map(([metric, value]) => [`${name}.${metric}`, value]);
