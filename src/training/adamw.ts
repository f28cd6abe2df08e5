/**
 * AdamW in the form of the released K-Adapter code, as operators of a graph.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/pytorch_transformers/optimization.py#L107 `AdamW`
 * @module
 */

import { rateNames } from "../engine/executor.js";
import {
  add,
  div,
  type GraphBuilder,
  min,
  mul,
  type Parameter,
  reduceSumSquare,
  sqrt,
  sub,
  type Value,
} from "../graph/index.js";
import { float32Scalar, type HostTensor } from "../tensor.js";

export interface AdamWConfig {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Applied to every parameter except biases and LayerNorm weights. */
  readonly weightDecay: number;
  /** Global L2 norm above which gradients are scaled down; 0 is off. */
  readonly maxGradNorm: number;
}

export const adamWDefaults: AdamWConfig = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 1 };

/** Whether weight decay applies: to all names but those with `bias` or `LayerNorm.weight` in them, as in the released code. */
export function decays(name: string): boolean {
  return !name.includes("bias") && !name.includes("LayerNorm.weight");
}

/** Scalars of one update, fed by the host; float32 `[]` each. */
export interface UpdateInputs {
  /** The scheduled learning rate. */
  readonly learningRate: Value;
  /** {@link stepSize}: the learning rate with the bias corrections and the moments' scales in it. */
  readonly stepSize: Value;
}

/** `lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · (1 − β₁)/√(1 − β₂)` for update t, counted from 1; see {@link adamWUpdate}. */
export function stepSize(learningRate: number, update: number, config: AdamWConfig): number {
  const { beta1, beta2 } = config;
  return uncorrectedStepSize((learningRate * Math.sqrt(1 - beta2 ** update)) / (1 - beta1 ** update), config);
}

/** What is fed with each update, by the names of the inputs: the scheduled learning rate and {@link stepSize}. */
export function rateFeeds(learningRate: number, update: number, config: AdamWConfig) {
  return {
    [rateNames.learningRate]: float32Scalar(learningRate),
    [rateNames.stepSize]: float32Scalar(stepSize(learningRate, update, config)),
  } satisfies Readonly<Record<string, HostTensor>>;
}

/** The moments' scales alone, without bias corrections: the released code's `correct_bias=False`. */
export function uncorrectedStepSize(learningRate: number, { beta1, beta2 }: AdamWConfig): number {
  return (learningRate * (1 - beta1)) / Math.sqrt(1 - beta2);
}

/** ε beside the root of a second moment that is kept divided by (1 − β₂). */
export function rootEpsilon({ epsilon, beta2 }: AdamWConfig): number {
  return epsilon / Math.sqrt(1 - beta2);
}

/** √Σ‖g‖² over all gradients: a float32 scalar. */
export function globalNorm(g: GraphBuilder, grads: readonly Value[]): Value {
  const squares = grads.map((grad) => reduceSumSquare(g, grad));
  return sqrt(
    g,
    squares.reduce((sum, square) => add(g, sum, square)),
  );
}

/** The factor of `clip_grad_norm_`: max/(norm + 1e-6), at most 1. */
export function clipFactor(g: GraphBuilder, norm: Value, maxNorm: number): Value {
  return min(g, div(g, g.scalar(maxNorm), add(g, norm, g.scalar(1e-6))), g.scalar(1));
}

export interface AdamState {
  readonly value: Value;
  /** m/(1 − β₁) */
  readonly firstMoment: Value;
  /** v/(1 − β₂) */
  readonly secondMoment: Value;
}

/**
 * One parameter's update. Note ε beside √v without bias correction, and decay of the already updated value: both
 * differ from `torch.optim.AdamW`.
 *
 *     m ← β₁m + (1 − β₁)g     v ← β₂v + (1 − β₂)g²
 *     p ← p − s·m/(√v + ε)    p ← p − lr·wd·p
 *
 * The moments are kept divided by (1 − β₁) and (1 − β₂), which saves two passes over every parameter; the step size and
 * ε make up for it.
 */
export function adamWUpdate(
  g: GraphBuilder,
  parameter: Parameter,
  grad: Value,
  state: AdamState,
  inputs: UpdateInputs,
  config: AdamWConfig,
): AdamState {
  const { beta1, beta2, weightDecay } = config;
  const firstMoment = add(g, mul(g, state.firstMoment, g.scalar(beta1)), grad);
  const secondMoment = add(g, mul(g, state.secondMoment, g.scalar(beta2)), mul(g, grad, grad));
  const root = add(g, sqrt(g, secondMoment), g.scalar(rootEpsilon(config)));
  const direction = div(g, firstMoment, root);
  const moved = sub(g, state.value, mul(g, direction, inputs.stepSize));
  if (weightDecay === 0 || !decays(parameter.name)) return { value: moved, firstMoment, secondMoment };
  const kept = sub(g, g.scalar(1), mul(g, inputs.learningRate, g.scalar(weightDecay)));
  return { value: mul(g, moved, kept), firstMoment, secondMoment };
}
