/**
 * What every training does, whatever it trains: set-up, loop, the best parameters, the promise about the backbone, and
 * only then the folder.
 * @module
 */

import type { Parameters } from "../adapters/folder.js";
import type { DoneEvent, TrainEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import { inScope } from "../engine/scopes.js";
import { userError } from "../errors.js";
import { type BackboneHandle, openBackbone } from "../features/backbone-handle.js";
import type { FilledCache } from "../features/features.js";
import type { Parameter } from "../graph/index.js";
import { join } from "../host/paths.js";
import type { Part } from "../part.js";
import { alone, barrier, firstThenOthers, fromFirst, type Ranks } from "../ranks/index.js";
import { type EncodedExamples, type StoredData, storeEncoded } from "../tasks/encoded-examples.js";
import type { EncodedText, Evaluation, Task } from "../tasks/task.js";
import type { ExampleSet } from "../tasks/task-data.js";
import { totalElements } from "../tensor.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { parametersIn } from "../weights/parameters.js";
import { latestCheckpoint, openCheckpoint, readBest, removeCheckpoints, writeBest } from "./checkpoint.js";
import type { RunConfig } from "./config.js";
import { identityOf, type RunIdentity, requireSameRun } from "./identity.js";
import { requireLeaves, requireSameOnAll } from "./same-on-all-ranks.js";
import type { PredictionSession, StepSession } from "./session.js";
import { storeLogits } from "./stored-logits.js";
import { type ResumePoint, Trainer, type TrainerOptions, type TrainingSet } from "./trainer.js";

export type OnEvent = (event: TrainEvent) => Promise<void> | void;

/** Where a run keeps what is not part of its result. */
export const checkpointFolder = (out: string): string => join(out, "checkpoints");

/** Removes what an earlier run left, for a fresh start in the same folder. */
export const removeEarlierRun = (out: string): Promise<void> => removeCheckpoints(checkpointFolder(out));

/** What a training works with. */
export interface RunContext {
  /** The training's own part of the engine; it ends with the training. */
  readonly executor: Executor;
  readonly onEvent: OnEvent;
  readonly signal: AbortSignal | undefined;
  /** The processes that train together; the first of them writes. */
  readonly ranks: Ranks;
  /** Closes something with the training, however that ends. */
  keep<T extends { close(): Promise<void> }>(opened: T): T;
}

/** {@link storeEncoded}, for as long as the training lasts. */
export async function encodeForTraining<Example, Encoded extends EncodedText>(
  { keep, signal }: Pick<RunContext, "keep" | "signal">,
  task: Pick<Task<Example, Encoded, unknown>, "encode" | "texts" | "feeds">,
  tokenizer: Tokenizer,
  set: ExampleSet<Example>,
): Promise<StoredData<Encoded>> {
  const encoded = await storeEncoded(task, tokenizer, set, signal);
  keep(encoded.examples);
  return encoded;
}

/** What is known of a training before anything is computed for it. */
export interface PreparedTraining<E extends EncodedText, Scores, Result> {
  /** See {@link identityOf}. */
  readonly data: RunIdentity;
  /** Opens what computes, hidden states first: called only where the run may begin, or go on. */
  open(): Promise<OpenTraining<E, Scores, Result>>;
}

/** A training whose hidden states can be computed before it begins, by other processes. */
export interface FillableTraining<E extends EncodedText, Scores, Result> extends PreparedTraining<E, Scores, Result> {
  /**
   * Computes the hidden states that {@link open} would, and keeps them.
   *
   * @param part a share of them
   */
  fill(part?: Part): Promise<readonly FilledCache[]>;
}

/** What differs from training to training. */
export interface OpenTraining<E extends EncodedText, Scores, Result> {
  readonly session: StepSession<E>;
  readonly train: TrainingSet<E>;
  /** All parameters of the model; the best are kept. */
  readonly parameters: readonly Parameter[];
  /** Those that learn. */
  readonly trainable: readonly Parameter[];
  /** The model whose files must be the same at the end; null where nothing was there before. */
  readonly backbone: BackboneHandle | null;
  /** Evaluates the current parameters; the metric decides which are the best. */
  evaluate(): Promise<Evaluation>;
  /** Scores the best parameters, which are in place. */
  score(): Promise<Scores>;
  /** Writes what was learnt, if the training was not interrupted, and tells of it. */
  finish(ended: EndedRun<Scores>): Promise<Result>;
}

/** How a run ended. */
export interface EndedRun<Scores> {
  readonly last: DoneEvent;
  /** Null for a training that was interrupted. */
  readonly scores: Scores | null;
  /** SHA-256 of the backbone's files before and after. */
  readonly backboneHash: { readonly before: string; readonly after: string };
}

/**
 * Trains from start, or from the last checkpoint, to end.
 *
 * @param config all settings, by which a run is recognised, see {@link identityOf}
 * @throws UserError where the run to be resumed was another one, and nothing is computed then; or where the backbone's
 * files have changed, and nothing is written then
 */
export function runTraining<E extends EncodedText, Scores, Result>(
  executor: Executor,
  config: Pick<RunConfig, "out" | "settings" | "resume" | "ranks">,
  prepare: (context: RunContext) => Promise<PreparedTraining<E, Scores, Result>>,
  onEvent: OnEvent = () => undefined,
  signal?: AbortSignal,
): Promise<Result> {
  const ranks = config.ranks ?? alone();
  requireLeaves(config.settings, ranks);
  return inContext(executor, { onEvent, signal, ranks }, async (context) => {
    const scope = context.executor;
    const prepared = await prepare(context);
    const identity = identityOf(config, prepared.data);
    await requireSameOnAll(ranks, config, identity);
    const from = config.resume ? await resumePoint(config.out, identity, ranks) : null;
    // What the first rank has cached, the others find.
    const training = await firstThenOthers(ranks, () => prepared.open());
    const last = await trainerOf(scope, config, training, { identity, from, ranks }).finish(onEvent, signal);
    const finished = last.reason !== "interrupted";
    await barrier(ranks);
    if (finished) await scope.setState(await readBest(checkpointFolder(config.out)));
    const scores = finished ? await training.score() : null;
    return await training.finish({ last, scores, backboneHash: await requireUntouched(training.backbone) });
  });
}

/**
 * Computes a training's hidden states, or a part of them, and trains nothing: no folder is made, none is written. No rank
 * waits for another: work is dealt out by parts.
 */
export function fillForTraining(
  executor: Executor,
  prepare: (context: RunContext) => Promise<Pick<FillableTraining<EncodedText, unknown, unknown>, "fill">>,
  part: Part | undefined,
  onEvent: OnEvent = () => undefined,
  signal?: AbortSignal,
): Promise<readonly FilledCache[]> {
  const given = { onEvent, signal, ranks: alone() };
  return inContext(executor, given, async (context) => (await prepare(context)).fill(part));
}

/** What a training works with, closed at its end however that comes. */
function inContext<R>(
  executor: Executor,
  given: Pick<RunContext, "onEvent" | "signal" | "ranks">,
  use: (context: RunContext) => Promise<R>,
): Promise<R> {
  return inScope(executor, async (scope) => {
    const kept: { close(): Promise<void> }[] = [];
    const keep: RunContext["keep"] = (opened) => {
      kept.push(opened);
      return opened;
    };
    try {
      return await use({ executor: scope, ...given, keep });
    } finally {
      for (const one of kept.reverse()) await one.close();
    }
  });
}

/** Where a run goes on, if it has got anywhere. */
async function resumePoint(out: string, identity: RunIdentity, ranks: Ranks): Promise<ResumePoint | null> {
  const root = checkpointFolder(out);
  const path = await fromFirst(ranks, async () => (await latestCheckpoint(root))?.path ?? null, { patient: true });
  if (path === null) return null;
  const checkpoint = await openCheckpoint(path);
  const note = requireSameRun(checkpoint.path, checkpoint.progress, identity);
  // They may still be the best at the end: better to hear now than then that they are damaged.
  if (checkpoint.progress.best !== null) await readBest(root);
  return { checkpoint, note };
}

const namesOf = (parameters: readonly Parameter[]) => parameters.map(({ name }) => name);

function trainerOf<E extends EncodedText, Scores, Result>(
  executor: Executor,
  config: Pick<RunConfig, "out" | "settings">,
  training: OpenTraining<E, Scores, Result>,
  begin: Pick<TrainerOptions<E>, "identity" | "from" | "ranks">,
): Trainer<E> {
  const { session, train, parameters, trainable } = training;
  return new Trainer<E>({
    ...{ session, train, settings: config.settings, ...begin },
    evaluate: () => training.evaluate(),
    keepBest: async (current) => writeBest(checkpointFolder(config.out), await current()),
    readState: (slots) => executor.getState(slots),
    checkpoints: checkpointFolder(config.out),
    parameters: namesOf(parameters),
    parameterCount: totalElements(trainable),
  });
}

/** Keeps the project's first promise: a model's own files are as they were, whatever was learnt beside it or from it. */
async function requireUntouched(backbone: BackboneHandle | null): Promise<EndedRun<unknown>["backboneHash"]> {
  if (!backbone) return { before: "", after: "" };
  const { folder, hash: before } = backbone;
  const { hash: after } = await openBackbone(folder);
  if (after === before) return { before, after };
  throw userError({
    where: folder,
    what: "the backbone's files changed while the training ran",
    fix: "restore them and train again",
  });
}

/** Copies of parameters as they are now. */
export async function readParameters(executor: Executor, parameters: readonly Parameter[]): Promise<Parameters> {
  return parametersIn(await executor.getState(namesOf(parameters)), parameters);
}

/** A task's score of the current parameters. What is predicted stays on disk. */
export async function scoreOf<E extends EncodedText, Score>(
  task: Pick<Task<never, E, Score>, "score">,
  session: PredictionSession<E>,
  examples: EncodedExamples<E>,
  batchSize: number,
  ranks?: Ranks,
  signal?: AbortSignal,
): Promise<Score> {
  const predicted = await storeLogits(session, examples, batchSize, ranks, signal);
  try {
    return task.score(predicted);
  } finally {
    predicted.close();
  }
}
