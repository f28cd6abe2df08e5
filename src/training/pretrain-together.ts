/**
 * One adapter for several kinds of knowledge: each has a head of its own, and the adapter learns by the sum of their
 * losses.
 * @module
 */
import type { Executor } from "../engine/executor.js";
import type { EncodedText, Evaluation } from "../tasks/task.js";
import type { TaskData } from "../tasks/task-data.js";
import type { TrainingConfig } from "./config.js";
import type { CourseExample } from "./course-examples.js";
import {
  type Course,
  CoursesSession,
  distinct,
  evaluations,
  examplesOf,
  makeCourse,
  meanEvaluation,
  namedMetrics,
} from "./courses.js";
import type { NamedTaskData } from "./multitask.js";
import { finishPretraining, learntData, openSessions, type PretrainResult, pretrainingSetup } from "./pretrain.js";
import { type OnEvent, type OpenTraining, type RunContext, runTraining, scoreOf } from "./run.js";

/** What else an adapter learns, and what of the model and the adapter the head of it reads. */
export interface BesideTask extends NamedTaskData {
  readonly features: TrainingConfig["features"];
}

/** Scores of what the folder is for, and evaluations of what is learnt beside it. */
interface Scores<Score> {
  readonly own: Score;
  readonly beside: Readonly<Record<string, Evaluation>>;
}

/**
 * Pre-trains an adapter as `pretrain` does, and on other tasks beside. Each step is one batch of one task, in an order
 * that follows from the seed. What has fewer examples than the first task is read again and again in an epoch, so that
 * all losses count the same. The parameters with the best mean of the tasks' scores are kept. The folder is that of the first task; the others' heads are thrown away.
 *
 * @param onEvent told of every step, evaluation and checkpoint
 * @param signal stops after the step under way and leaves a checkpoint
 */
export function pretrainTogether<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  given: TrainingConfig,
  taskData: TaskData<Example, Encoded, Score>,
  beside: readonly BesideTask[],
  onEvent?: OnEvent,
  signal?: AbortSignal,
): Promise<PretrainResult<Score>> {
  const config = { ...given, settings: { ...given.settings, gradientAccumulation: 1 } };
  const prepare = async (context: RunContext) => {
    const setup = await pretrainingSetup(context, config, taskData);
    const others: PlannedBeside[] = [];
    for (const one of beside) others.push(await planBeside(context, config, one, setup.train.examples.length));
    return {
      data: { ...learntData(setup), ...Object.fromEntries(others.flatMap(({ data }) => data)) },
      open: async (): Promise<OpenTraining<CourseExample, Scores<Score>, PretrainResult<Score>>> => {
        const { session, prediction, given: start } = await openSessions(context, config, setup);
        const batchSize = 2 * config.settings.batchSize;
        const own = makeCourse({ ...setup, name: setup.kind.name, session, prediction, batchSize });
        const more: Course[] = [];
        for (const { open } of others) more.push(await open());
        const courses = [own, ...more];
        const learning = distinct(courses.flatMap(({ trainable }) => trainable));
        return {
          ...{ backbone: config.backbone, train: examplesOf(courses), trainable: learning },
          parameters: distinct([...setup.model.storedParameters, ...learning]),
          session: new CoursesSession(context.executor, courses, start ?? (async () => ({}))),
          evaluate: async () => meanEvaluation(await evaluations(courses)),
          score: async () => ({
            own: await scoreOf(setup.task, prediction, setup.dev.examples, batchSize, context.ranks, signal),
            beside: await evaluations(more),
          }),
          finish: ({ scores, ...ended }) => {
            const metrics = Object.fromEntries(Object.entries(scores?.beside ?? {}).flatMap(namedMetrics));
            return finishPretraining(context, config, setup, { ...ended, scores: scores?.own ?? null }, metrics);
          },
        };
      },
    };
  };
  return runTraining(executor, config, prepare, onEvent, signal);
}

/** A task that is learnt beside, without its types. */
interface PlannedBeside {
  /** What the run's identity says of it. */
  readonly data: readonly (readonly [string, string])[];
  open(): Promise<Course>;
}

/** @param most examples that the first task has */
function planBeside(
  context: RunContext,
  own: TrainingConfig,
  { name, taskData, features }: BesideTask,
  most: number,
): Promise<PlannedBeside> {
  const config = { ...own, features };
  return taskData(async (data): Promise<PlannedBeside> => {
    const setup = await pretrainingSetup(context, config, data, name);
    const named = Object.entries(learntData(setup)).map(([key, value]) => [`${name}.${key}`, value] as const);
    const open = async (): Promise<Course> => {
      const { session, prediction } = await openSessions(context, config, setup);
      const batchSize = 2 * config.settings.batchSize;
      const times = Math.max(1, Math.round(most / setup.train.examples.length));
      return makeCourse({ ...setup, name, session, prediction, batchSize, times });
    };
    return { data: named, open };
  });
}
