/**
 * A backbone trained on several kinds of knowledge at once, each with a head of its own: the paper's multi-task baseline
 * (K-Adapter §4, "RoBERTa + multitask"), where what adapters keep apart is put into the model itself.
 * @module
 */
import { join } from "node:path";
import { noFusion } from "../adapters/fusion.js";
import type { DoneEvent, TrainEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import { TokenFeatures } from "../features/feature-sources.js";
import { type BackboneHandle, readBackboneTensors } from "../features/frozen-backbone.js";
import type { Parameter } from "../graph/index.js";
import type { EncodedText, Evaluation, HeadInit, JsonObject } from "../tasks/task.js";
import { encodeFitting, hashExamples, type SkipCounts } from "../tasks/task-data.js";
import { elementCount, type HostTensor } from "../tensor.js";
import { hashJson } from "../weights/hash.js";
import { readSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { adamWDefaults } from "./adamw.js";
import { makeDownstreamModel } from "./downstream-model.js";
import { ParameterState, StatefulSession } from "./parameter-state.js";
import { checkpointFolder, type TaskData } from "./pretrain.js";
import {
  PredictionSession,
  type StepResult,
  type StepScalars,
  type StepSession,
  TrainingSession,
  textsOf,
} from "./session.js";
import { headRateScale } from "./step.js";
import { predictAll, Trainer, type TrainerSettings } from "./trainer.js";

/** Task data, whatever its types. */
export type AnyTaskData = <R>(
  use: <Example, Encoded extends EncodedText, Score>(taskData: TaskData<Example, Encoded, Score>) => R,
) => R;

/** One of the tasks; its name stands before its head's parameters and its scores. */
export interface NamedTaskData {
  readonly name: string;
  readonly taskData: AnyTaskData;
}

export interface MultitaskConfig {
  readonly backbone: BackboneHandle;
  readonly out: string;
  readonly maxLength: number;
  /** One batch is one task's, and one step. */
  readonly settings: Omit<TrainerSettings, "gradientAccumulation">;
  readonly headLearningRate: number;
  readonly headInit: HeadInit;
  /** Of the heads; the backbone's is its own. */
  readonly dropout: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly resume: boolean;
}

export interface MultitaskResult {
  readonly reason: DoneEvent["reason"];
  readonly steps: number;
  readonly bestStep: number;
  /** Examples that were left out, by task. */
  readonly skipped: Readonly<Record<string, SkipCounts>>;
  /** Null for a training that was interrupted. */
  readonly finished: {
    /** On each task's dev data, by its name. */
    readonly scores: Readonly<Record<string, Evaluation>>;
    /** The backbone's parameters. */
    readonly tensors: readonly (readonly [name: string, tensor: HostTensor])[];
  } | null;
}

type OnEvent = (event: TrainEvent) => Promise<void> | void;

/**
 * Trains a backbone on all tasks: each step is one task's, in an order that follows from the seed, as many of each as
 * its examples fill. The parameters kept are those with the best mean of the tasks' scores.
 */
export async function trainMultitask(
  executor: Executor,
  plan: MultitaskConfig,
  taskSets: readonly NamedTaskData[],
  onEvent: OnEvent = () => undefined,
  signal?: AbortSignal,
): Promise<MultitaskResult> {
  const courses: Course[] = [];
  for (const [index, taskData] of taskSets.entries()) courses.push(await openCourse(executor, plan, taskData, index));
  const parameters = distinct(courses.flatMap((course) => course.parameters));
  const names = parameters.map(({ name }) => name);
  const best = join(checkpointFolder(plan.out), "best.safetensors");
  const trainer = new Trainer<CourseExample>({
    session: new MultitaskSession(executor, plan.backbone, parameters, courses),
    settings: { ...plan.settings, gradientAccumulation: 1 },
    train: courses.flatMap(({ examples }) => examples),
    texts: ({ texts }) => texts,
    group: ({ course }) => course,
    evaluate: async () => meanEvaluation(await evaluations(courses)),
    keepBest: async (state) => writeSafetensors(best, Object.entries(await state())),
    readState: (slots) => executor.getState(slots),
    checkpoints: checkpointFolder(plan.out),
    identity: identityOf(plan, courses),
    resume: plan.resume,
    parameters: names,
    parameterCount: parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
  const { reason, step: steps, bestStep } = await trainer.finish(onEvent, signal);
  const skipped = Object.fromEntries(courses.map((course) => [course.name, course.skipped]));
  if (reason === "interrupted") return { reason, steps, bestStep, skipped, finished: null };
  await executor.setState(await readSafetensors(best, names));
  const scores = await evaluations(courses);
  const heads = new Set(courses.flatMap((course) => course.heads));
  const backbone = parameters.filter((parameter) => !heads.has(parameter)).map(({ name }) => name);
  const tensors = Object.entries(await executor.getState(backbone));
  return { reason, steps, bestStep, skipped, finished: { scores, tensors } };
}

/** An example of one of the tasks. */
interface CourseExample extends EncodedText {
  readonly course: number;
  readonly texts: readonly EncodedText[];
}

type Step = StepSession<CourseExample>["step"];

/** One task in the training, its types kept to itself. */
interface Course {
  readonly name: string;
  readonly examples: readonly CourseExample[];
  readonly parameters: readonly Parameter[];
  /** Those among them that are its own. */
  readonly heads: readonly Parameter[];
  readonly skipped: SkipCounts;
  /** Of all that it learns from. */
  readonly identity: string;
  readonly step: Step;
  evaluate(): Promise<Evaluation>;
}

function openCourse(
  executor: Executor,
  plan: MultitaskConfig,
  { name, taskData }: NamedTaskData,
  index: number,
): Promise<Course> {
  const { backbone, maxLength, headInit, dropout, settings } = plan;
  return taskData(async ({ kind, settings: learnt, train: trainSet, dev: devSet }): Promise<Course> => {
    const { task, model } = makeDownstreamModel(kind, learnt, {
      ...{ backbone, maxLength, headInit, dropout, headScope: name },
      ...{ adapters: [], fusion: noFusion, trains: "backbone", frozenDropout: false },
      featureDtype: "float32",
    });
    const train = encodeFitting(task, backbone.tokenizer, trainSet);
    const dev = encodeFitting(task, backbone.tokenizer, devSet);
    const features = new TokenFeatures<EncodedText>(backbone, "float32");
    const options = { executor, features, padTokenId: backbone.config.padTokenId, model, task, maxLength };
    const optimizer = { ...adamWDefaults, weightDecay: plan.weightDecay, maxGradNorm: plan.maxGradNorm };
    const rateScale = headRateScale(model.taskParameters, plan.headLearningRate / settings.learningRate);
    const session = await TrainingSession.open(options, optimizer, { rateScale, accumulation: false });
    const prediction = await PredictionSession.open(options);
    const encoded = new Map(
      train.examples.map((example): [CourseExample, (typeof train.examples)[number]] => [
        { inputIds: example.inputIds, course: index, texts: textsOf(task, example) },
        example,
      ]),
    );
    return {
      name,
      examples: [...encoded.keys()],
      parameters: model.parameters,
      heads: model.taskParameters,
      skipped: train.skipped,
      identity: `${kind.name} ${hashJson([learnt.labels ? [...learnt.labels] : null, learnt.options])} ${hashExamples(task, train.examples)}`,
      step: (microBatches, scalars) => {
        const own = microBatches.map((batch) =>
          batch.map((one) => encoded.get(one) as (typeof train.examples)[number]),
        );
        return session.step(own, scalars);
      },
      evaluate: async () => {
        const logits = await predictAll(prediction, dev.examples, 2 * settings.batchSize);
        const rows = dev.examples.map((one, i) => ({ encoded: one, logits: logits[i] as Float32Array }));
        return task.evaluation(task.score(rows));
      },
    };
  });
}

/** All tasks' parameters as one state; each step is one task's. */
class MultitaskSession extends StatefulSession implements StepSession<CourseExample> {
  constructor(
    executor: Executor,
    backbone: BackboneHandle,
    parameters: readonly Parameter[],
    private readonly courses: readonly Course[],
  ) {
    super(new ParameterState(executor, parameters, parameters, () => readBackboneTensors(backbone)));
  }

  step(microBatches: readonly (readonly CourseExample[])[], scalars: StepScalars): Promise<StepResult> {
    const [first] = microBatches[0] ?? [];
    const course = first && this.courses[first.course];
    if (!course) throw new Error("a step without examples");
    return course.step(microBatches, scalars);
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

/** What decides the bits of the result. */
function identityOf(plan: MultitaskConfig, courses: readonly Course[]): Record<string, string> {
  const { backbone, maxLength, headLearningRate, headInit, dropout, weightDecay, maxGradNorm } = plan;
  const { saveEvery: _, ...settings } = plan.settings;
  const shown: JsonObject = JSON.parse(
    JSON.stringify({ ...settings, maxLength, headLearningRate, headInit, dropout, weightDecay, maxGradNorm }),
  );
  return {
    ...Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, JSON.stringify(value)])),
    backbone: backbone.hash,
    configuration: backbone.configHash,
    ...Object.fromEntries(courses.map(({ name, identity }) => [`task.${name}`, identity])),
  };
}
