/**
 * A backbone trained on several kinds of knowledge at once, each with a head of its own: the paper's multi-task baseline
 * (K-Adapter §4, "RoBERTa + multitask"), where what adapters keep apart is put into the model itself.
 * @module
 */

import { noFusion } from "../adapters/fusion.js";
import type { DoneEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import { type BackboneHandle, readBackboneTensors } from "../features/backbone-handle.js";
import { TokenFeatures } from "../features/feature-sources.js";
import type { Parameter } from "../graph/index.js";
import { downstreamDesign } from "../models/design.js";
import { storeEncoded } from "../tasks/encoded-examples.js";
import type { EncodedText, Evaluation } from "../tasks/task.js";
import type { SkipCounts, TaskData } from "../tasks/task-data.js";
import type { HostTensor } from "../tensor.js";
import { hashJson } from "../weights/hash.js";
import { optimizerOf, type TaskRunConfig } from "./config.js";
import { type CourseExample, setOfCourses } from "./courses.js";
import { ParameterState, StatefulSession } from "./parameter-state.js";
import { type EndedRun, type OnEvent, type OpenTraining, type RunContext, runTraining, scoreOf } from "./run.js";
import {
  onlyBatch,
  PredictionSession,
  type StepResult,
  type StepScalars,
  type StepSession,
  TrainingSession,
} from "./session.js";
import { headRateScale } from "./step.js";
import { makeTaskModel } from "./task-model.js";
import { stored, type TrainerSettings, type TrainingSet } from "./trainer.js";

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
    session: new MultitaskSession(executor, backbone, parameters, courses),
    train: setOfCourses(courses.map(({ set }) => set)),
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

/** One task in the training, without its types. */
interface Course {
  readonly name: string;
  readonly set: TrainingSet<EncodedText>;
  readonly parameters: readonly Parameter[];
  /** Those among them that are its own. */
  readonly heads: readonly Parameter[];
  readonly skipped: SkipCounts;
  step(batch: readonly CourseExample[], scalars: StepScalars): Promise<StepResult>;
  evaluate(): Promise<Evaluation>;
}

/** One task whose data are read and encoded. */
interface PlannedCourse {
  readonly name: string;
  /** Hashes of the task and its examples, for training and for evaluation. */
  readonly data: { readonly train: string; readonly dev: string };
  open(): Promise<Course>;
}

function planCourse(
  { executor, keep, signal }: RunContext,
  config: MultitaskConfig,
  { name, taskData }: NamedTaskData,
): Promise<PlannedCourse> {
  const { backbone, maxLength, headInit, dropout, settings } = config;
  return taskData(async ({ kind, settings: learnt, train: trainSet, dev: devSet }): Promise<PlannedCourse> => {
    const { task, model } = makeTaskModel(kind, learnt, {
      ...{ backbone, maxLength, headInit, dropout, headScope: name, featureDtype: "float32" },
      design: downstreamDesign({ adapters: [], fusion: noFusion, headInit, trains: "backbone", frozenDropout: false }),
    });
    const train = await storeEncoded(task, backbone.tokenizer, trainSet, signal);
    keep(train.examples);
    const dev = await storeEncoded(task, backbone.tokenizer, devSet, signal);
    keep(dev.examples);
    const rateScale = headRateScale(model.taskParameters, config.headLearningRate / settings.learningRate);
    const features = new TokenFeatures<EncodedText>(backbone, "float32");
    const options = { executor, features, padTokenId: backbone.config.padTokenId, model, task, maxLength };
    const open = async (): Promise<Course> => {
      const session = await TrainingSession.open(options, optimizerOf(config), { rateScale, accumulation: false });
      const prediction = await PredictionSession.open(options);
      return {
        name,
        set: stored<EncodedText>(train.examples),
        parameters: model.parameters,
        heads: model.taskParameters,
        skipped: train.skipped,
        step: (batch, scalars) => {
          const own = batch.map((one) => one.own as NonNullable<ReturnType<typeof train.examples.at>>);
          return session.step([own], scalars);
        },
        evaluate: async () => task.evaluation(await scoreOf(task, prediction, dev.examples, 2 * settings.batchSize)),
      };
    };
    const data = {
      train: `${kind.name} ${hashJson([learnt.labels, learnt.options])} ${train.examples.hashes.examples}`,
      dev: dev.examples.hashes.examples,
    };
    return { name, data, open };
  });
}

/** All tasks' parameters as one state; each step belongs to one task. */
class MultitaskSession extends StatefulSession implements StepSession<CourseExample> {
  constructor(
    executor: Executor,
    backbone: BackboneHandle,
    parameters: readonly Parameter[],
    private readonly courses: readonly Course[],
  ) {
    super(new ParameterState(executor, parameters, parameters, () => readBackboneTensors(backbone)));
  }

  readonly accumulates = false;

  /** The tasks' sessions are closed with the training's scope. */
  async close(): Promise<void> {}

  step(microBatches: readonly (readonly CourseExample[])[], scalars: StepScalars): Promise<StepResult> {
    const batch = onlyBatch(microBatches);
    const course = this.courses[batch[0]?.course ?? -1];
    if (!course) throw new Error("a step without examples");
    return course.step(batch, scalars);
  }
}

/** The backbone's parameters occur in every task's model. */
const distinct = (parameters: readonly Parameter[]): readonly Parameter[] => [
  ...new Map(parameters.map((parameter) => [parameter.name, parameter])).values(),
];

async function evaluations(courses: readonly Course[]): Promise<Record<string, Evaluation>> {
  const found: Record<string, Evaluation> = {};
  for (const course of courses) found[course.name] = await course.evaluate();
  return found;
}

function meanEvaluation(scores: Readonly<Record<string, Evaluation>>): Evaluation {
  const named = Object.entries(scores);
  const metrics = named.flatMap(([name, own]) =>
    Object.entries(own.metrics).map(([metric, value]): [string, number] => [`${name}.${metric}`, value]),
  );
  const metric = named.reduce((sum, [, own]) => sum + own.metric, 0) / named.length;
  return { metrics: Object.fromEntries(metrics), metric };
}
