/**
 * Training steps as single graphs: forward, backward, clipping and AdamW.
 * @module
 */

import type { GraphSource, InPlaceAdamW } from "../engine/executor.js";
import { add, backward, type Graph, GraphBuilder, mul, type Parameter, toOnnx, type Value } from "../graph/index.js";
import { Dropout, type Pass } from "../nn/index.js";
import { float32Scalar, type HostTensor } from "../tensor.js";
import { next, type OptimizerUpdate, optimizerUpdate, slotNames, type UpdateOptions } from "./optimizer.js";

export interface StepGraph {
  readonly graph: Graph;
  /** Output name → slot that it replaces. */
  readonly updates: Readonly<Record<string, string>>;
  /** Outputs to fetch. */
  readonly fetch: readonly string[];
  /** What the executor does after the graph. */
  readonly adamW?: InPlaceAdamW;
  /** See {@link GraphSource.gradientsOnly}. */
  readonly gradientsOnly?: boolean;
}

/** A step as an executor loads it. */
export function stepSource({ graph, updates, adamW, gradientsOnly }: StepGraph): GraphSource {
  return {
    ...{ model: toOnnx(graph), updates },
    ...(adamW ? { adamW } : {}),
    ...(gradientsOnly ? { gradientsOnly } : {}),
  };
}

export interface StepOptions extends UpdateOptions {
  /** Builds the forward pass and returns the mean loss of the batch. */
  readonly loss: (pass: Pass) => Value;
  /** Whether the layers drop what their configurations say. */
  readonly dropout: boolean;
}

/** Fusions and heads start from nothing and bear a higher rate than parameters that are trained already or lie deep. */
export function headRateScale(heads: readonly Parameter[], scale: number): (parameter: Parameter) => number {
  const names = new Set(heads.map(({ name }) => name));
  return ({ name }) => (names.has(name) ? scale : 1);
}

function trainingPass(dropout: boolean): Pass {
  const g = new GraphBuilder();
  return { g, dropout: dropout ? new Dropout(g) : null, fused: false };
}

/** Forward, backward and update in one graph; the state is replaced at every run. */
export function fusedStep(options: StepOptions): StepGraph {
  const pass = trainingPass(options.dropout);
  const { g } = pass;
  const loss = options.loss(pass);
  const grads = backward(g, loss, options.trainable);
  const { norms, outputs, updates, adamW } = optimizerUpdate(g, options, grads);
  const kept = adamW ? keptGradients(grads) : { outputs: {}, updates: {} };
  return {
    graph: g.build({ loss, ...norms, ...outputs, ...kept.outputs }),
    updates: { ...updates, ...kept.updates },
    fetch: ["loss", ...Object.keys(norms)],
    ...(adamW ? { adamW } : {}),
  };
}

/** Gradients as outputs for their slots. */
function keptGradients(grads: ReadonlyMap<Parameter, Value>): Pick<OptimizerUpdate, "outputs" | "updates"> {
  const slots = [...grads].map(([{ name }, grad]) => [slotNames.gradient(name), grad] as const);
  return {
    outputs: Object.fromEntries(slots.map(([slot, grad]) => [next(slot), grad])),
    updates: Object.fromEntries(slots.map(([slot]) => [next(slot), slot])),
  };
}

/**
 * The same step in two graphs, for gradient accumulation and for summing gradients over processes:
 * `accumulate` adds a micro-batch's gradients to what is kept (see {@link accumulationFeeds}); `update` clips and applies
 * them.
 */
export function splitStep(options: StepOptions): { readonly accumulate: StepGraph; readonly update: StepGraph } {
  return { accumulate: accumulateGraph(options), update: updateStep(options) };
}

/**
 * What `accumulate` of {@link splitStep} is fed beside the batch.
 *
 * @param isFirst whether the sum starts anew
 * @param weight multiplies the micro-batch's gradients
 */
export function accumulationFeeds(isFirst: boolean, weight: number) {
  return {
    grad_keep: float32Scalar(isFirst ? 0 : 1),
    grad_weight: float32Scalar(weight),
  } satisfies Readonly<Record<string, HostTensor>>;
}

/**
 * The same step for leaves that are summed by others: `leaf` leaves a batch's gradients in their slots, multiplied by
 * what {@link leafWeightFeeds} says; `update` clips and applies what it finds there.
 */
export function stepInLeaves(options: StepOptions): { readonly leaf: StepGraph; readonly update: StepGraph } {
  const update = updateStep(options);
  const pass = trainingPass(options.dropout);
  const { g } = pass;
  const loss = options.loss(pass);
  const share = mul(g, loss, g.input(leafWeight, "float32", []));
  const kept = keptGradients(backward(g, share, options.trainable));
  const graph = g.build({ loss, ...kept.outputs });
  const inPlace = update.adamW ? { adamW: update.adamW, gradientsOnly: true } : {};
  return { leaf: { graph, updates: kept.updates, fetch: ["loss"], ...inPlace }, update };
}

const leafWeight = "leaf_weight";

/** What `leaf` of {@link stepInLeaves} is fed beside the batch. */
export const leafWeightFeeds = (share: number) => ({ [leafWeight]: float32Scalar(share) });

function accumulateGraph(options: StepOptions): StepGraph {
  const pass = trainingPass(options.dropout);
  const { g } = pass;
  const loss = options.loss(pass);
  const grads = backward(g, loss, options.trainable);
  const keep = g.input("grad_keep", "float32", []);
  const weight = g.input("grad_weight", "float32", []);
  const outputs: Record<string, Value> = {};
  const updates: Record<string, string> = {};
  for (const parameter of options.trainable) {
    const slot = slotNames.gradient(parameter.name);
    const kept = mul(g, g.input(slot, "float32", parameter.shape), keep);
    outputs[next(slot)] = add(g, kept, mul(g, grads.get(parameter) as Value, weight));
    updates[next(slot)] = slot;
  }
  return { graph: g.build({ loss, ...outputs }), updates, fetch: ["loss"] };
}

/** Clipping and AdamW alone. Gradients are read from their slots, or fed under the slots' names. */
export function updateStep(options: UpdateOptions): StepGraph {
  const g = new GraphBuilder();
  const grads = new Map(
    options.trainable.map((parameter) => [
      parameter,
      g.input(slotNames.gradient(parameter.name), "float32", parameter.shape),
    ]),
  );
  const { norms, outputs, updates, adamW } = optimizerUpdate(g, options, grads);
  return { graph: g.build({ ...norms, ...outputs }), updates, fetch: Object.keys(norms), ...(adamW ? { adamW } : {}) };
}
