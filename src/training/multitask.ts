/**
 * A backbone trained on several kinds of knowledge at once, each with a head of its own: the paper's multi-task baseline
 * (K-Adapter §4, "RoBERTa + multitask"), where what adapters keep apart is put into the model itself.
 * @module
 */

import { noFusion } from "../adapters/fusion.js";
import type { DoneEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import { readBackboneTensors } from "../features/backbone-handle.js";
import { TokenFeatures } from "../features/feature-sources.js";
import type { Parameter } from "../graph/index.js";
import { downstreamDesign } from "../models/design.js";
import type { EncodedText, Evaluation } from "../tasks/task.js";
import type { SkipCounts, TaskData } from "../tasks/task-data.js";
import type { HostTensor } from "../tensor.js";
import { hashJson } from "../weights/hash.js";
import { optimizerOf, type TaskRunConfig } from "./config.js";
import type { CourseExample } from "./course-examples.js";
import {
  type Course,
  CoursesSession,
  distinct,
  evaluations,
  examplesOf,
  makeCourse,
  meanEvaluation,
} from "./courses.js";
import {
  type EndedRun,
  encodeForTraining,
  type OnEvent,
  type OpenTraining,
  type RunContext,
  runTraining,
} from "./run.js";
import { PredictionSession, TrainingSession } from "./session.js";
import { headRateScale } from "./step.js";
import { makeTaskModel } from "./task-model.js";
import type { TrainerSettings } from "./trainer.js";

/** Task data, whatever its types. */
export type AnyTaskData = <R>(
  use: <Example, Encoded extends EncodedText, Score>(taskData: TaskData<Example, Encoded, Score>) => R,
) => R;

/** One of the tasks; its name stands before its head's parameters and its scores. */
export interface NamedTaskData {
  readonly name: string;
  readonly taskData: AnyTaskData;
}

export interface MultitaskConfig extends Omit<TaskRunConfig, "settings"> {
  /** Each step is one batch of one task. */
  readonly settings: Omit<TrainerSettings, "gradientAccumulation">;
  /** Dropout of the heads; the backbone's stands in its own configuration. */
  readonly dropout: number;
}

export interface MultitaskResult {
  readonly reason: DoneEvent["reason"];
  readonly steps: number;
  readonly bestStep: number;
  /** Examples that were left out, by task. */
  readonly skipped: Readonly<Record<string, SkipCounts>>;
  /** Null for a training that was interrupted. */
  readonly finished: {
    /** Scores on each task's dev data, by the task's name. */
    readonly scores: Readonly<Record<string, Evaluation>>;
    /** The backbone's parameters. */
    readonly tensors: readonly (readonly [name: string, tensor: HostTensor])[];
  } | null;
}

/** Scores on each task's dev data, by the task's name. */
type Scores = Readonly<Record<string, Evaluation>>;

/**
 * Trains a backbone on all tasks. Each step belongs to one task, in an order that follows from the seed, and a task has
 * as many steps as its examples fill. The parameters with the best mean of the tasks' scores are kept.
 */
export function trainMultitask(
  executor: Executor,
  config: MultitaskConfig,
  taskSets: readonly NamedTaskData[],
  onEvent?: OnEvent,
  signal?: AbortSignal,
): Promise<MultitaskResult> {
  const settings = { ...config.settings, gradientAccumulation: 1 };
  const prepare = async (context: RunContext) => {
    const scope = context.executor;
    const planned: PlannedCourse[] = [];
    for (const taskData of taskSets) planned.push(await planCourse(context, config, taskData));
    return {
      data: Object.fromEntries(
        planned.flatMap(({ name, data }) => [
          [`task.${name}`, data.train] as const,
          [`dev.${name}`, data.dev] as const,
        ]),
      ),
      open: () => openMultitask(scope, config, planned),
    };
  };
  return runTraining(executor, { ...config, settings }, prepare, onEvent, signal);
}

async function openMultitask(
  executor: Executor,
  { backbone }: MultitaskConfig,
  planned: readonly PlannedCourse[],
): Promise<OpenTraining<CourseExample, Scores, MultitaskResult>> {
  const courses: Course[] = [];
  for (const { open } of planned) courses.push(await open());
  const parameters = distinct(courses.flatMap((course) => course.parameters));
  const score = () => evaluations(courses);
  return {
    ...{ backbone, parameters, trainable: parameters, score },
    session: new CoursesSession(executor, courses, () => readBackboneTensors(backbone)),
    train: examplesOf(courses),
    evaluate: async () => meanEvaluation(await score()),
    finish: (ended) => finish(executor, courses, parameters, ended),
  };
}

async function finish(
  executor: Executor,
  courses: readonly Course[],
  parameters: readonly Parameter[],
  { last: { reason, step: steps, bestStep }, scores }: EndedRun<Scores>,
): Promise<MultitaskResult> {
  const skipped = Object.fromEntries(courses.map((course) => [course.name, course.skipped]));
  if (scores === null) return { reason, steps, bestStep, skipped, finished: null };
  const heads = new Set(courses.flatMap((course) => course.heads));
  const backbone = parameters.filter((parameter) => !heads.has(parameter)).map(({ name }) => name);
  const tensors = Object.entries(await executor.getState(backbone));
  return { reason, steps, bestStep, skipped, finished: { scores, tensors } };
}

/** One task whose data are read and encoded. */
interface PlannedCourse {
  readonly name: string;
  /** Hashes of the task and its examples, for training and for evaluation. */
  readonly data: { readonly train: string; readonly dev: string };
  open(): Promise<Course>;
}

function planCourse(
  context: RunContext,
  config: MultitaskConfig,
  { name, taskData }: NamedTaskData,
): Promise<PlannedCourse> {
  const { backbone, maxLength, headInit, dropout, settings } = config;
  return taskData(async ({ kind, settings: learnt, train: trainSet, dev: devSet }): Promise<PlannedCourse> => {
    const { task, model } = makeTaskModel(kind, learnt, {
      ...{ backbone, maxLength, headInit, dropout, headScope: name, featureDtype: "float32" },
      design: downstreamDesign({ adapters: [], fusion: noFusion, headInit, trains: "backbone", frozenDropout: false }),
    });
    const train = await encodeForTraining(context, task, backbone.tokenizer, trainSet);
    const dev = await encodeForTraining(context, task, backbone.tokenizer, devSet);
    const rateScale = headRateScale(model.taskParameters, config.headLearningRate / settings.learningRate);
    const features = new TokenFeatures<EncodedText>(backbone, "float32");
    const { executor } = context;
    const options = { executor, features, padTokenId: backbone.config.padTokenId, model, task, maxLength };
    const open = async (): Promise<Course> => {
      const session = await TrainingSession.open(options, optimizerOf(config), { rateScale, accumulation: false });
      const prediction = await PredictionSession.open(options);
      const batchSize = 2 * settings.batchSize;
      return makeCourse({ name, task, model, train, dev, session, prediction, batchSize });
    };
    const data = {
      train: `${kind.name} ${hashJson([learnt.labels, learnt.options])} ${train.examples.hashes.examples}`,
      dev: dev.examples.hashes.examples,
    };
    return { name, data, open };
  });
}
