/**
 * What a step adds to its graph so that parameters are updated: norms, clipping, and AdamW or what the executor needs to
 * do it.
 * @module
 */

import { type AdamWGroup, type InPlaceAdamW, type LearningSlots, mostInPlace, rateNames } from "../engine/executor.js";
import { type GraphBuilder, mul, type Parameter, type Value } from "../graph/index.js";
import { elementCount } from "../tensor.js";
import {
  type AdamState,
  type AdamWConfig,
  adamWUpdate,
  clipFactor,
  decays,
  globalNorm,
  rootEpsilon,
  type UpdateInputs,
} from "./adamw.js";

/** Names under which the state of an optimiser is kept beside the parameters. */
export const slotNames = {
  firstMoment: (parameter: string) => `adam.m.${parameter}`,
  secondMoment: (parameter: string) => `adam.v.${parameter}`,
  gradient: (parameter: string) => `grad.${parameter}`,
};

/** Name of the output that replaces a slot. */
export const next = (slot: string) => `next.${slot}`;

/** Name of the output that holds the norm of a group of {@link UpdateOptions.clipGroups} before clipping. */
const groupNorm = (group: string) => `grad_norm.${group}`;

export interface UpdateOptions {
  readonly trainable: readonly Parameter[];
  /**
   * Groups of trainable parameters by name whose gradients are clipped separately, as the released downstream scripts do
   * with backbone and task model. Each parameter is in one group. By default all form one group.
   */
  readonly clipGroups?: Readonly<Record<string, readonly Parameter[]>>;
  readonly optimizer: AdamWConfig;
  /** Multiplies the scheduled learning rate of a parameter; 1 for all where it is left out. */
  readonly rateScale?: (parameter: Parameter) => number;
  /** Leaves AdamW to the executor (`Executor.updatesInPlace`): the same bits in less time. */
  readonly inPlace?: boolean;
}

export interface OptimizerUpdate {
  /** Gradients' norms before clipping, by the names of outputs. */
  readonly norms: Readonly<Record<string, Value>>;
  readonly outputs: Readonly<Record<string, Value>>;
  /** Output name → slot that it replaces. */
  readonly updates: Readonly<Record<string, string>>;
  /** What is left to the executor. */
  readonly adamW: InPlaceAdamW | null;
}

/** @param grads gradients of the trainable parameters */
export function optimizerUpdate(
  g: GraphBuilder,
  options: UpdateOptions,
  grads: ReadonlyMap<Parameter, Value>,
): OptimizerUpdate {
  const inPlace = options.inPlace && options.trainable.every(({ shape }) => elementCount(shape) <= mostInPlace);
  return g.scoped("adamw", () => {
    const { norms, groups } = clipping(g, options, grads);
    return { norms, ...(inPlace ? leftToExecutor(options, groups) : inGraph(g, options, grads, groups)) };
  });
}

/** Parameters that are clipped together. */
interface ClipGroup {
  readonly members: readonly Parameter[];
  /** What their gradients are multiplied by, and the name of the output that holds it; null is 1. */
  readonly factor: { readonly name: string; readonly value: Value } | null;
}

/** The norm of all gradients and the factor that clips them, or those of each group. */
function clipping(
  g: GraphBuilder,
  { trainable, clipGroups = {}, optimizer }: UpdateOptions,
  grads: ReadonlyMap<Parameter, Value>,
): { readonly norms: Readonly<Record<string, Value>>; readonly groups: readonly ClipGroup[] } {
  const { maxGradNorm } = optimizer;
  const normOf = (members: readonly Parameter[]) =>
    globalNorm(
      g,
      members.map((parameter) => grads.get(parameter) as Value),
    );
  const group = (name: string, members: readonly Parameter[], norm: Value): ClipGroup => ({
    members,
    factor: maxGradNorm > 0 ? { name, value: clipFactor(g, norm, maxGradNorm) } : null,
  });
  const whole = normOf(trainable);
  const norms: Record<string, Value> = { grad_norm: whole };
  const named = Object.entries(clipGroups).filter(([, members]) => members.length > 0);
  if (named.length === 0) return { norms, groups: [group("clip_factor", trainable, whole)] };
  if (named.reduce((sum, [, members]) => sum + members.length, 0) !== trainable.length)
    throw new Error("every trainable parameter belongs to one group of those that are clipped");
  const groups = named.map(([name, members]) => {
    const norm = normOf(members);
    norms[groupNorm(name)] = norm;
    return group(`clip_factor.${name}`, members, norm);
  });
  return { norms, groups };
}

function slotsOf({ name, shape }: Parameter): LearningSlots {
  const { firstMoment, secondMoment, gradient } = slotNames;
  return {
    value: name,
    firstMoment: firstMoment(name),
    secondMoment: secondMoment(name),
    gradient: gradient(name),
    shape,
  };
}

/** Parameters that are updated alike, with the factors of their gradients. */
function leftToExecutor(options: UpdateOptions, groups: readonly ClipGroup[]): Omit<OptimizerUpdate, "norms"> {
  const { optimizer, rateScale } = options;
  const alike = new Map<string, AdamWGroup & { readonly parameters: LearningSlots[] }>();
  for (const { members, factor } of groups) {
    for (const parameter of members) {
      const own = {
        factor: factor?.name ?? null,
        rateScale: rateScale?.(parameter) ?? 1,
        weightDecay: decays(parameter.name) ? optimizer.weightDecay : 0,
      };
      const key = JSON.stringify(own);
      const found = alike.get(key) ?? { ...own, parameters: [] };
      alike.set(key, found);
      found.parameters.push(slotsOf(parameter));
    }
  }
  const factors = groups.flatMap(({ factor }) => (factor ? [[factor.name, factor.value] as const] : []));
  const { beta1, beta2 } = optimizer;
  return {
    outputs: Object.fromEntries(factors),
    updates: {},
    adamW: { beta1, beta2, epsilon: rootEpsilon(optimizer), groups: [...alike.values()] },
  };
}

function inGraph(
  g: GraphBuilder,
  { optimizer, rateScale }: UpdateOptions,
  grads: ReadonlyMap<Parameter, Value>,
  groups: readonly ClipGroup[],
): Omit<OptimizerUpdate, "norms"> {
  const ratesOf = updateInputs(g, rateScale);
  const outputs: Record<string, Value> = {};
  const updates: Record<string, string> = {};
  for (const { members, factor } of groups) {
    for (const parameter of members) {
      const slots = slotsOf(parameter);
      const state: AdamState = {
        value: g.use(parameter),
        firstMoment: g.input(slots.firstMoment, "float32", parameter.shape),
        secondMoment: g.input(slots.secondMoment, "float32", parameter.shape),
      };
      const grad = grads.get(parameter) as Value;
      const clipped = factor ? mul(g, grad, factor.value) : grad;
      const after = adamWUpdate(g, parameter, clipped, state, ratesOf(parameter), optimizer);
      for (const part of ["value", "firstMoment", "secondMoment"] as const) {
        outputs[next(slots[part])] = after[part];
        updates[next(slots[part])] = slots[part];
      }
    }
  }
  return { outputs, updates, adamW: null };
}

/** The fed rates, scaled once for each scale that occurs. */
function updateInputs(g: GraphBuilder, rateScale: UpdateOptions["rateScale"]): (parameter: Parameter) => UpdateInputs {
  const fed: UpdateInputs = {
    learningRate: g.input(rateNames.learningRate, "float32", []),
    stepSize: g.input(rateNames.stepSize, "float32", []),
  };
  const scaled = new Map<number, UpdateInputs>([[1, fed]]);
  return (parameter) => {
    const scale = rateScale?.(parameter) ?? 1;
    const found = scaled.get(scale);
    if (found) return found;
    const times = (value: Value) => mul(g, value, g.scalar(scale));
    const made = { learningRate: times(fed.learningRate), stepSize: times(fed.stepSize) };
    scaled.set(scale, made);
    return made;
  };
}
