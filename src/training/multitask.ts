/**
 * A backbone trained on several kinds of knowledge at once, each with a head of its own: the paper's multi-task baseline
 * (K-Adapter §4, "RoBERTa + multitask"), where what adapters keep apart is put into the model itself.
 * @module
 */
import { join } from "node:path";
import type { Parameter } from "../graph/index.js";
import type { EncodedText, Evaluation, HeadInit, JsonObject } from "../tasks/index.js";
import { elementCount, type HostTensor } from "../tensor.js";
import { hashJson, readSafetensors, writeSafetensors } from "../weights/index.js";
import { adamWDefaults } from "./adamw.js";
import { makeDownstreamModel } from "./downstream-model.js";
import type { DoneEvent, TrainEvent } from "./events.js";
import type { Executor, Tensors } from "./executor.js";
import { TokenFeatures } from "./feature-sources.js";
import { type BackboneFolder, readBackboneTensors } from "./frozen-backbone.js";
import { checkpointFolder, type Lesson } from "./pretrain.js";
import {
  PredictionSession,
  type StepResult,
  type StepScalars,
  type StepSession,
  TrainingSession,
  textsOf,
} from "./session.js";
import { encodeFitting, hashExamples, type SkipCounts } from "./task-data.js";
import { predictAll, Trainer, type TrainerSettings } from "./trainer.js";

/** A lesson, whatever its types. */
export type AnyLesson = <R>(
  use: <Example, Encoded extends EncodedText, Score>(lesson: Lesson<Example, Encoded, Score>) => R,
) => R;

/** One of the tasks; its name stands before its head's parameters and its scores. */
export interface NamedLesson {
  readonly name: string;
  readonly lesson: AnyLesson;
}

export interface MultitaskPlan {
  readonly backbone: BackboneFolder;
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
  plan: MultitaskPlan,
  lessons: readonly NamedLesson[],
  onEvent: OnEvent = () => undefined,
  signal?: AbortSignal,
): Promise<MultitaskResult> {
  const courses: Course[] = [];
  for (const [index, lesson] of lessons.entries()) courses.push(await openCourse(executor, plan, lesson, index));
  const parameters = distinct(courses.flatMap((course) => course.parameters));
  const best = join(checkpointFolder(plan.out), "best.safetensors");
  const trainer = new Trainer<CourseExample>({
    session: new MultitaskSession(courses.map(({ session }) => session)),
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
    parameters: [...parameters.keys()],
    parameterCount: [...parameters.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0),
  });
  const { reason, step: steps, bestStep } = await trainer.finish(onEvent, signal);
  const skipped = Object.fromEntries(courses.map((course) => [course.name, course.skipped]));
  if (reason === "interrupted") return { reason, steps, bestStep, skipped, finished: null };
  await executor.setState(await readSafetensors(best, [...parameters.keys()]));
  const scores = await evaluations(courses);
  const names = plan.backbone.definition.build(plan.backbone.config).parameters.map(({ name }) => name);
  // Read anew: what an executor was given may have been moved there.
  const tensors = Object.entries(await readSafetensors(best, names));
  return { reason, steps, bestStep, skipped, finished: { scores, tensors } };
}

/** An example of one of the tasks. */
interface CourseExample extends EncodedText {
  readonly course: number;
  readonly texts: readonly EncodedText[];
}

/** One task in the training, its types kept to itself. */
interface Course {
  readonly name: string;
  readonly examples: readonly CourseExample[];
  readonly parameters: readonly Parameter[];
  readonly skipped: SkipCounts;
  /** Of all that it learns from. */
  readonly identity: string;
  readonly session: StepSession<CourseExample>;
  evaluate(): Promise<Evaluation>;
}

function openCourse(
  executor: Executor,
  plan: MultitaskPlan,
  { name, lesson }: NamedLesson,
  index: number,
): Promise<Course> {
  const { backbone, maxLength, headInit, dropout, settings } = plan;
  return lesson(async ({ kind, settings: learnt, train: trainSet, dev: devSet }): Promise<Course> => {
    const { task, model } = makeDownstreamModel(kind, learnt, {
      ...{ backbone, maxLength, headInit, dropout, headScope: name },
      ...{ adapters: [], fusion: { kind: "concat", adapterDense: false }, trains: "backbone", frozenDropout: false },
      featureDtype: "float32",
    });
    const train = encodeFitting(task, backbone.tokenizer, trainSet);
    const dev = encodeFitting(task, backbone.tokenizer, devSet);
    const features = new TokenFeatures<EncodedText>(backbone, "float32");
    const given = () => readBackboneTensors(backbone);
    const options = {
      ...{ executor, features, padTokenId: backbone.config.padTokenId, model, task, maxLength, given },
    };
    const heads = new Set(model.taskParameters);
    const headRate = plan.headLearningRate / settings.learningRate;
    const optimizer = { ...adamWDefaults, weightDecay: plan.weightDecay, maxGradNorm: plan.maxGradNorm };
    const rateScale = (parameter: Parameter) => (heads.has(parameter) ? headRate : 1);
    const own = await TrainingSession.open(options, optimizer, { rateScale, accumulation: false });
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
      skipped: train.skipped,
      identity: `${kind.name} ${hashJson([learnt.labels ? [...learnt.labels] : null, learnt.options])} ${hashExamples(task, train.examples)}`,
      session: new CourseSession(own, encoded),
      evaluate: async () => {
        const logits = await predictAll(prediction, dev.examples, 2 * settings.batchSize);
        const rows = dev.examples.map((one, i) => ({ encoded: one, logits: logits[i] as Float32Array }));
        return task.evaluation(task.score(rows));
      },
    };
  });
}

/** A task's own session, told the examples of the common list. */
class CourseSession<E extends EncodedText> implements StepSession<CourseExample> {
  constructor(
    private readonly own: TrainingSession<E>,
    private readonly encoded: ReadonlyMap<CourseExample, E>,
  ) {}

  get slots(): readonly string[] {
    return this.own.slots;
  }

  initialise(seed: number): Promise<void> {
    return this.own.initialise(seed);
  }

  restore(state: Tensors): Promise<void> {
    return this.own.restore(state);
  }

  step(microBatches: readonly (readonly CourseExample[])[], scalars: StepScalars): Promise<StepResult> {
    const own = microBatches.map((batch) => batch.map((example) => this.encoded.get(example) as E));
    return this.own.step(own, scalars);
  }
}

/** Sessions with parameters in common, each step being one session's. */
class MultitaskSession implements StepSession<CourseExample> {
  constructor(private readonly sessions: readonly StepSession<CourseExample>[]) {}

  get slots(): readonly string[] {
    return [...new Set(this.sessions.flatMap(({ slots }) => slots))];
  }

  async initialise(seed: number): Promise<void> {
    for (const session of this.sessions) await session.initialise(seed);
  }

  async restore(state: Tensors): Promise<void> {
    for (const session of this.sessions) {
      // A copy: what is handed to an executor may be moved there, and the others need it too.
      const own = session.slots.map((slot) => [slot, copied(state[slot])] as const);
      await session.restore(Object.fromEntries(own));
    }
  }

  step(microBatches: readonly (readonly CourseExample[])[], scalars: StepScalars): Promise<StepResult> {
    const [first] = microBatches[0] ?? [];
    const session = first && this.sessions[first.course];
    if (!session) throw new Error("a step without examples");
    return session.step(microBatches, scalars);
  }
}

function copied(tensor: HostTensor | undefined): HostTensor {
  if (!tensor) throw new Error("the checkpoint lacks a tensor");
  return { ...tensor, data: tensor.data.slice() } as HostTensor;
}

const distinct = (parameters: readonly Parameter[]): ReadonlyMap<string, Parameter> =>
  new Map(parameters.map((parameter) => [parameter.name, parameter]));

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
function identityOf(plan: MultitaskPlan, courses: readonly Course[]): Record<string, string> {
  const { backbone, maxLength, headLearningRate, headInit, dropout, weightDecay, maxGradNorm } = plan;
  const { saveEvery: _, ...settings } = plan.settings;
  const shown: JsonObject = JSON.parse(
    JSON.stringify({ ...settings, maxLength, headLearningRate, headInit, dropout, weightDecay, maxGradNorm }),
  );
  return {
    ...Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, JSON.stringify(value)])),
    backbone: backbone.hash,
    ...Object.fromEntries(courses.map(({ name, identity }) => [`task.${name}`, identity])),
  };
}
