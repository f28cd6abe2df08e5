import type { GraphBuilder, Parameter, Value } from "../graph/index.js";
import type { AttentionMask, ParamScope, Pass } from "../nn/index.js";
import type { RandomInit } from "../nn/layers.js";

/** How heads start: normal with a deviation, or PyTorch's default. */
export type HeadInit = RandomInit;

export interface HeadSizes {
  /** Width of the features that the head reads: H for the model alone, 2H with an adapter beside it. */
  readonly featureSize: number;
  readonly hiddenSize: number;
}

/** Makes a task's head for a model. */
export type MakeHead = (scope: ParamScope, sizes: HeadSizes) => TaskHead;

/** A head in a graph. */
export interface TaskHead {
  readonly parameters: readonly Parameter[];
  /** The frozen model's own, which it reads: they are given from the model's files, never learnt and never written. */
  readonly frozen?: readonly Parameter[];
  /**
   * Declares the input that picks the positions which the head reads, float32 `[batch, positions, sequence]`; null when
   * it reads all.
   */
  select(g: GraphBuilder): Value | null;
  /**
   * @param features `[batch, positions, …]`; to be concatenated along the last axis
   * @param select what {@link select} gave
   * @param mask gives the tokens that are no padding; they are fed only where a model asks
   * @returns logits, and the mean loss against the task's labels
   */
  forward(
    pass: Pass,
    features: readonly Value[],
    select: Value | null,
    mask: () => AttentionMask,
  ): { readonly logits: Value; readonly loss: Value };
}

/** A model with a task's head, as trainings and predictions run it. */
export interface TrainableModel {
  readonly parameters: readonly Parameter[];
  /** Those that learn. */
  readonly trainable: readonly Parameter[];
  /** Declares its inputs and adds itself to a graph. */
  forward(pass: Pass): { readonly logits: Value; readonly loss: Value };
}
