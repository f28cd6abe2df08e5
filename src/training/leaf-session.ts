import type { Ranks } from "../ranks/index.js";
import type { EncodedText } from "../tasks/task.js";
import { type AdamWConfig, rateFeeds } from "./adamw.js";
import { LeafStep } from "./leaf-step.js";
import { ParameterState, StatefulSession } from "./parameter-state.js";
import {
  FeedsAhead,
  type SessionOptions,
  type StepResult,
  type StepScalars,
  type StepSession,
  stepOptions,
  TrainingSession,
  type TrainingVariants,
} from "./session.js";
import type { TrainerSettings } from "./trainer.js";

/** A training's session: in leaves where ranks are given, which sum them; by default in one process and one sum. */
export function openStepSession<E extends EncodedText>(
  options: SessionOptions<E>,
  optimizer: AdamWConfig,
  { ranks, ...variants }: TrainingVariants & { readonly ranks: Ranks | null },
): Promise<StepSession<E>> {
  return ranks
    ? LeafSession.open(options, optimizer, variants, ranks)
    : TrainingSession.open(options, optimizer, variants);
}

/** The ranks that sum the leaves of a training's steps; null where a step is one sum of one process. */
export const leavesOn = ({ leaves = 1 }: Pick<TrainerSettings, "leaves">, ranks: Ranks): Ranks | null =>
  leaves > 1 ? ranks : null;

/** Runs optimiser steps whose micro-batches are leaves, computed here or on other ranks. */
class LeafSession<E extends EncodedText> extends StatefulSession implements StepSession<E> {
  readonly accumulates = true;
  private readonly feeds: FeedsAhead<E>;

  private constructor(
    options: SessionOptions<E>,
    private readonly optimizer: AdamWConfig,
    private readonly leaves: LeafStep,
  ) {
    const { executor, model, given } = options;
    super(new ParameterState(executor, model.parameters, model.trainable, given, true));
    this.feeds = new FeedsAhead(options);
  }

  static async open<E extends EncodedText>(
    options: SessionOptions<E>,
    optimizer: AdamWConfig,
    variants: Omit<TrainingVariants, "accumulation">,
    ranks: Ranks,
  ): Promise<LeafSession<E>> {
    const step = stepOptions(options, optimizer, variants);
    return new LeafSession(options, optimizer, await LeafStep.open(options.executor, step, ranks));
  }

  async step(
    microBatches: readonly (readonly E[])[],
    { learningRate, update, seed }: StepScalars,
    next: readonly (readonly E[])[] = [],
  ): Promise<StepResult> {
    const { leaves } = this;
    const examples = microBatches.reduce((sum, { length }) => sum + length, 0);
    const feedsOf = async (leaf: number) => {
      const batch = microBatches[leaf] as readonly E[];
      return { feeds: await this.feeds.of(leaves.leaf, batch, [seed, update, leaf]), share: batch.length / examples };
    };
    const following = (leaf: number | null) => {
      const [first] = leaves.own(next.length);
      this.feeds.read(leaves.leaf, leaf !== null ? microBatches[leaf] : first === undefined ? undefined : next[first]);
    };
    return leaves.run(microBatches.length, rateFeeds(learningRate, update, this.optimizer), feedsOf, following);
  }

  close(): Promise<void> {
    return this.leaves.close();
  }
}
