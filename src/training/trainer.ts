import type { DoneEvent, Metrics, TrainEvent } from "../engine/events.js";
import type { Tensors } from "../engine/executor.js";
import { setting, userError } from "../errors.js";
import { type Batches, epochBatches, groupedBatches, sortedBatches, tokenBatches } from "../features/batches.js";
import { anyOf, fromFirst, onAllRanks, type Ranks } from "../ranks/index.js";
import type { EncodedExamples } from "../tasks/encoded-examples.js";
import type { Examples } from "../tasks/examples.js";
import type { EncodedText } from "../tasks/task.js";
import { type Checkpoint, readCheckpoint, type TrainingProgress, writeCheckpoint } from "./checkpoint.js";
import { identityVersion, type RunIdentity } from "./identity.js";
import { type Warmup, warmupStableDecay, warmupSteps } from "./schedule.js";
import type { PredictionSession, StepSession } from "./session.js";

export interface TrainerSettings {
  readonly epochs: number;
  /** Stops earlier than the epochs would; 0 is off. */
  readonly maxSteps: number;
  /** Sentences in one forward pass. */
  readonly batchSize: number;
  /** Tokens in one forward pass, padding and all texts of an example included: as many as fit, instead of `batchSize`. */
  readonly batchTokens?: number;
  /** Forward passes in one optimiser step. */
  readonly gradientAccumulation: number;
  /** The same, summed in the order of one tree, on whatever number of processes; a power of two, 1 if left out. */
  readonly leaves?: number;
  readonly learningRate: number;
  readonly warmup: Warmup;
  /** Number (or share) of the last steps in which the learning rate falls to 0; all steps after the warm-up if left out. */
  readonly decay?: Warmup;
  readonly seed: number;
  /** Optimiser steps between evaluations and checkpoints; 0: only at the end of each epoch. */
  readonly evalEvery: number;
  readonly saveEvery: number;
  /** Evaluations without a better one after which the training stops; 0 is off. */
  readonly patience: number;
}

/** What a training learns from. */
export interface TrainingSet<E extends EncodedText> {
  readonly examples: Examples<E>;
  /** Tokens of each example's longest text; its texts are padded together. */
  readonly lengths: ArrayLike<number>;
  /** How many texts each example has; one where it is left out or null. */
  readonly textCounts?: ArrayLike<number> | null;
  /** The group of each example. Only examples of one group share a batch; all examples form one group if left out. */
  readonly groups?: ArrayLike<number>;
}

export interface TrainerOptions<E extends EncodedText> {
  readonly session: StepSession<E>;
  readonly settings: TrainerSettings;
  readonly train: TrainingSet<E>;
  /** Evaluates the current parameters; its `metric` decides which are the best. */
  evaluate(): Promise<{ readonly metrics: Metrics; readonly metric: number }>;
  /** Keeps the current parameters as the best so far. */
  keepBest(parameters: () => Promise<Tensors>): Promise<void>;
  /** Copies of state slots. */
  readState(slots: readonly string[]): Promise<Tensors>;
  /** Folder of the checkpoints. */
  readonly checkpoints: string;
  /** What a run must have in common with the one that continues it. */
  readonly identity: RunIdentity;
  /** Where it goes on; null where it begins. */
  readonly from: ResumePoint | null;
  /** Names of the parameters. */
  readonly parameters: readonly string[];
  readonly parameterCount: number;
  /** The processes that train together; the first of them writes. */
  readonly ranks: Ranks;
}

/** Forward passes of all processes in one step. */
const passesOf = ({ gradientAccumulation, leaves = 1 }: Pick<TrainerSettings, "gradientAccumulation" | "leaves">) =>
  gradientAccumulation * leaves;

/** A checkpoint of the same run. */
export interface ResumePoint {
  readonly checkpoint: Checkpoint;
  /** A line about what could not be compared, or null. */
  readonly note: string | null;
}

/** One optimiser step's place in the training. */
interface Plan {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly warmup: number;
  readonly decay: number;
}

/**
 * Trains from start, or from the last checkpoint, to end. Every draw follows from (seed, step), so a run that was
 * killed and resumed ends with the same bits as one that was not.
 */
export class Trainer<E extends EncodedText> {
  private readonly plan: Plan;
  private progress: TrainingProgress;

  /** @throws UserError where the session takes fewer micro-batches than the settings want */
  constructor(private readonly options: TrainerOptions<E>) {
    const { settings, session } = options;
    const passes = passesOf(settings);
    if (passes > 1 && !session.accumulates) {
      throw userError({
        where: setting((settings.leaves ?? 1) > 1 ? "leaves" : "gradientAccumulation"),
        what: `a step of this training is one batch, not ${passes}`,
        fix: "leave it out, or raise the batch size",
      });
    }
    const stepsPerEpoch = Math.ceil(this.batchesOf(0).length / passes);
    const all = stepsPerEpoch * settings.epochs;
    const totalSteps = settings.maxSteps > 0 ? Math.min(all, settings.maxSteps) : all;
    const [warmup, decay] = [settings.warmup, settings.decay ?? totalSteps].map((one) => warmupSteps(one, totalSteps));
    this.plan = { stepsPerEpoch, totalSteps, warmup: warmup as number, decay: decay as number };
    const identity = { settings: { ...options.identity }, version: identityVersion };
    this.progress = { step: 0, best: null, bestStep: 0, evaluationsSinceBest: 0, ...identity };
  }

  /** @param signal stops after the step under way; the checkpoint that is then written continues the run */
  async *run(signal?: AbortSignal): AsyncGenerator<TrainEvent> {
    const note = await this.begin();
    if (note !== null) yield { kind: "note", text: note };
    const { stepsPerEpoch, totalSteps } = this.plan;
    const { train, parameterCount } = this.options;
    yield {
      kind: "start",
      step: this.progress.step,
      totalSteps,
      stepsPerEpoch,
      examples: train.examples.length,
      parameters: parameterCount,
    };
    let reason: "completed" | "early-stop" | "interrupted" = "completed";
    let saved = this.progress.step;
    while (this.progress.step < totalSteps) {
      if (this.isPatienceOver()) {
        reason = "early-stop";
        break;
      }
      if (await anyOf(this.options.ranks, signal?.aborted === true)) {
        reason = "interrupted";
        break;
      }
      yield await this.trainStep();
      if (this.isDue(this.options.settings.evalEvery)) yield await this.evaluate();
      if (this.isDue(this.options.settings.saveEvery) || this.endsEpoch()) {
        yield await this.save();
        saved = this.progress.step;
      }
    }
    if (saved !== this.progress.step) yield await this.save();
    yield { kind: "done", step: this.progress.step, reason, bestStep: this.progress.bestStep };
  }

  /** Runs to the end and tells how it ended. */
  async finish(onEvent: (event: TrainEvent) => Promise<void> | void, signal?: AbortSignal): Promise<DoneEvent> {
    let last: DoneEvent | null = null;
    for await (const event of this.run(signal)) {
      if (event.kind === "done") last = event;
      await onEvent(event);
    }
    if (!last) throw new Error("the training ended without saying so");
    return last;
  }

  /** Initialises the state or restores that of a checkpoint; gives a line about it where there is something to say. */
  private async begin(): Promise<string | null> {
    const { session, settings, from } = this.options;
    if (!from) {
      await session.initialise(settings.seed);
      return null;
    }
    const { checkpoint, note } = from;
    const { settings: _, version: __, ...reached } = checkpoint.progress;
    this.progress = { ...this.progress, ...reached };
    await session.restore(await readCheckpoint(checkpoint));
    return note;
  }

  /** The epoch of the last step, counted from 1. */
  private get epoch(): number {
    return 1 + Math.floor((this.progress.step - 1) / this.plan.stepsPerEpoch);
  }

  private endsEpoch(): boolean {
    const { step } = this.progress;
    return step % this.plan.stepsPerEpoch === 0 || step === this.plan.totalSteps;
  }

  /** Every so many steps, and at the last one; 0: at the end of each epoch. */
  private isDue(every: number): boolean {
    return every === 0
      ? this.endsEpoch()
      : this.progress.step % every === 0 || this.progress.step === this.plan.totalSteps;
  }

  private isPatienceOver(): boolean {
    const { patience } = this.options.settings;
    return patience > 0 && this.progress.evaluationsSinceBest >= patience;
  }

  private async trainStep(): Promise<TrainEvent> {
    const { settings, session } = this.options;
    const started = performance.now();
    const index = this.progress.step;
    const microBatches = this.upcoming?.index === index ? this.upcoming.microBatches : this.microBatchesOf(index);
    this.upcoming =
      index + 1 < this.plan.totalSteps ? { index: index + 1, microBatches: this.microBatchesOf(index + 1) } : null;
    const update = index + 1;
    const { warmup, decay, totalSteps } = this.plan;
    const learningRate = settings.learningRate * warmupStableDecay(update, warmup, decay, totalSteps);
    const { loss, gradNorm } = await session.step(
      microBatches,
      { learningRate, update, epoch: Math.floor(index / this.plan.stepsPerEpoch), seed: settings.seed },
      this.upcoming?.microBatches,
    );
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
      const diverged = userError({
        where: `step ${update}`,
        what: `the loss is ${loss} and its gradient's norm ${gradNorm}: the training has diverged`,
        fix: `lower ${setting("learningRate")}, or warm up longer`,
      });
      // All ranks have summed the same.
      throw onAllRanks(diverged);
    }
    this.progress = { ...this.progress, step: update };
    const sentences = microBatches.reduce((sum, { length }) => sum + length, 0);
    const seconds = (performance.now() - started) / 1000;
    return { kind: "step", step: update, epoch: this.epoch, loss, learningRate, gradNorm, sentences, seconds };
  }

  /** The next step's batches: known while this one runs, so that they can be read meanwhile. */
  private upcoming: { readonly index: number; readonly microBatches: readonly (readonly E[])[] } | null = null;

  private microBatchesOf(index: number): readonly (readonly E[])[] {
    const { stepsPerEpoch } = this.plan;
    const passes = passesOf(this.options.settings);
    const first = (index % stepsPerEpoch) * passes;
    const batches = this.batchesOf(Math.floor(index / stepsPerEpoch));
    const count = Math.min(passes, batches.length - first);
    const { examples } = this.options.train;
    return Array.from({ length: count }, (_, i) => batches.at(first + i).map((example) => examples.at(example) as E));
  }

  private cached: { readonly epoch: number; readonly batches: Batches } | null = null;

  private batchesOf(epoch: number): Batches {
    if (this.cached?.epoch !== epoch) {
      const { seed } = this.options.settings;
      const { lengths, textCounts = null, groups } = this.options.train;
      // Not both in memory.
      this.cached = null;
      const batches = groups
        ? groupedBatches(groups, seed, epoch, (members) =>
            this.batchesAmong(those(lengths, members), textCounts && those(textCounts, members), epoch),
          )
        : this.batchesAmong(lengths, textCounts, epoch);
      this.cached = { epoch, batches };
    }
    return this.cached.batches;
  }

  /** Batches of examples of these sizes. */
  private batchesAmong(lengths: ArrayLike<number>, textCounts: ArrayLike<number> | null, epoch: number): Batches {
    const { batchSize, batchTokens, seed } = this.options.settings;
    return batchTokens === undefined
      ? epochBatches(lengths, batchSize, seed, epoch)
      : tokenBatches(lengths, batchTokens, seed, epoch, textCounts);
  }

  private async evaluate(): Promise<TrainEvent> {
    const { metrics, metric } = await this.options.evaluate();
    const { step, best: before } = this.progress;
    const best = before === null || metric > before;
    const { ranks } = this.options;
    if (best && ranks.rank === 0) await this.options.keepBest(() => this.options.readState(this.options.parameters));
    this.progress = best
      ? { ...this.progress, best: metric, bestStep: step, evaluationsSinceBest: 0 }
      : { ...this.progress, evaluationsSinceBest: this.progress.evaluationsSinceBest + 1 };
    return { kind: "eval", step, epoch: this.epoch, metrics, best };
  }

  private async save(): Promise<TrainEvent> {
    const { ranks, session, checkpoints, readState } = this.options;
    const path = await fromFirst(ranks, async () =>
      writeCheckpoint(checkpoints, this.progress, await readState(session.slots)),
    );
    return { kind: "checkpoint", step: this.progress.step, path };
  }
}

/** Those of some numbers that stand at these places. */
const those = (all: ArrayLike<number>, places: Uint32Array): Uint32Array => places.map((i) => all[i] as number);

/** Examples on disk to learn from. */
export const stored = <E extends EncodedText>(examples: EncodedExamples<E>): TrainingSet<E> => ({
  examples,
  lengths: examples.lengths,
  textCounts: examples.textCounts,
});

/** Examples in memory, of one text each, to learn from. */
export const inMemory = <E extends EncodedText>(examples: readonly E[]): TrainingSet<E> => ({
  examples,
  lengths: Uint32Array.from(examples, ({ inputIds }) => inputIds.length),
});

/** Logits of every example, in the examples' order; batches of similar length. Throws an AbortError when `signal` asks for it. */
export async function predictAll<E extends EncodedText>(
  session: PredictionSession<E>,
  examples: readonly E[],
  batchSize: number,
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const logits = new Array<Float32Array>(examples.length);
  const lengths = examples.map(({ inputIds }) => inputIds.length);
  for (const batch of sortedBatches(lengths, batchSize)) {
    signal?.throwIfAborted();
    const rows = await session.logits(batch.map((i) => examples[i] as E));
    batch.forEach((i, row) => {
      logits[i] = rows[row] as Float32Array;
    });
  }
  return logits;
}
