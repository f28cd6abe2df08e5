/**
 * What is learnt: how an example becomes token ids, what head and loss read the features, and how answers are scored.
 * @module
 */
import type { GraphBuilder, Parameter, Value } from "../graph/index.js";
import type { ParamScope, Pass } from "../nn/index.js";
import type { HostTensor } from "../tensor.js";

/** An example as token ids. */
export interface EncodedText {
  readonly inputIds: readonly number[];
}

/** An example that cannot be used; it is counted under its reason. */
export interface Skipped {
  readonly skipped: string;
}

/** One kind of knowledge or downstream task. */
export interface Task<Example, Encoded extends EncodedText, Score> {
  readonly name: string;
  encode(example: Example): Encoded | Skipped;
  /** Makes the head that the features go through. */
  makeHead(scope: ParamScope, sizes: HeadSizes): TaskHead;
  /** The task's own inputs for a batch that is padded to `width` tokens. */
  feeds(batch: readonly Encoded[], width: number): Readonly<Record<string, HostTensor>>;
  /** Compares predictions with the truth. */
  score(predictions: Iterable<Prediction<Encoded>>): Score;
}

export interface HeadSizes {
  /** Width of the features: H for the model alone, 2H with an adapter. */
  readonly featureSize: number;
  readonly hiddenSize: number;
}

export interface Prediction<Encoded> {
  readonly encoded: Encoded;
  /** The example's row of the head's logits. */
  readonly logits: Float32Array;
}

/** A head in a graph. */
export interface TaskHead {
  readonly parameters: readonly Parameter[];
  /**
   * Declares the input that picks the positions which the head reads, float32 `[batch, positions, sequence]`; null when
   * it reads all.
   */
  select(g: GraphBuilder): Value | null;
  /**
   * @param features `[batch, positions, …]`; to be concatenated along the last axis
   * @returns logits, and the mean loss against the task's labels
   */
  forward(pass: Pass, features: readonly Value[]): { readonly logits: Value; readonly loss: Value };
}
