/**
 * Training steps as single graphs: forward, backward, clipping and AdamW.
 * @module
 */
import { add, backward, type Graph, GraphBuilder, mul, type Parameter, type Value } from "../graph/index.js";
import { Dropout, type Pass } from "../nn/index.js";
import { type AdamState, type AdamWConfig, adamWUpdate, clipFactor, globalNorm, type UpdateInputs } from "./adamw.js";

/** Names under which the state of an optimiser is kept beside the parameters. */
export const slotNames = {
  firstMoment: (parameter: string) => `adam.m.${parameter}`,
  secondMoment: (parameter: string) => `adam.v.${parameter}`,
  gradient: (parameter: string) => `grad.${parameter}`,
};

/** Name of the output that replaces a slot. */
const next = (slot: string) => `next.${slot}`;

export interface StepGraph {
  readonly graph: Graph;
  /** Output name → slot that it replaces. */
  readonly updates: Readonly<Record<string, string>>;
  /** Outputs to fetch. */
  readonly fetch: readonly string[];
}

export interface StepOptions {
  /** Builds the forward pass and returns the mean loss of the batch. */
  readonly loss: (pass: Pass) => Value;
  readonly trainable: readonly Parameter[];
  /**
   * Groups of the trainable parameters whose gradients are clipped apart, by name, as the released downstream scripts
   * do with backbone and task model; each parameter is in one. By default all are one group.
   */
  readonly clipGroups?: Readonly<Record<string, readonly Parameter[]>>;
  readonly optimizer: AdamWConfig;
  /** Multiplies the scheduled learning rate of a parameter; 1 for all where it is left out. */
  readonly rateScale?: (parameter: Parameter) => number;
  /** Whether the layers drop what their configurations say. */
  readonly dropout: boolean;
}

type UpdateOptions = Pick<StepOptions, "trainable" | "clipGroups" | "optimizer" | "rateScale">;

/** Fusions and heads learn from nothing and bear a higher rate than what was trained before, or is many layers deep. */
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
  const update = optimizerUpdate(g, options, (parameter) => grads.get(parameter) as Value);
  return {
    graph: g.build({ loss, ...update.norms, ...update.outputs }),
    updates: update.slots,
    fetch: ["loss", ...Object.keys(update.norms)],
  };
}

/**
 * The same step in two graphs, for gradient accumulation and for summing gradients over processes:
 * `accumulate` adds a micro-batch's gradients, times `grad_weight`, to what is kept (times `grad_keep`: 0 starts anew);
 * `update` clips and applies them.
 */
export function splitStep(options: StepOptions): { readonly accumulate: StepGraph; readonly update: StepGraph } {
  return { accumulate: accumulateGraph(options), update: updateStep(options) };
}

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

/** Clipping and AdamW alone: gradients are read from their slots (or fed under their names). */
export function updateStep(options: UpdateOptions): StepGraph {
  const g = new GraphBuilder();
  const update = optimizerUpdate(g, options, ({ name, shape }) => g.input(slotNames.gradient(name), "float32", shape));
  return {
    graph: g.build({ ...update.norms, ...update.outputs }),
    updates: update.slots,
    fetch: Object.keys(update.norms),
  };
}

/** Name of the output that holds the norm of a group of {@link StepOptions.clipGroups} before clipping. */
export const groupNorm = (group: string) => `grad_norm.${group}`;

/** Gradients clipped by the global norm, or each group by its own; and the norms before. */
function clipped(
  g: GraphBuilder,
  { trainable, clipGroups = {}, optimizer }: UpdateOptions,
  grads: ReadonlyMap<Parameter, Value>,
): { readonly grads: ReadonlyMap<Parameter, Value>; readonly norms: Readonly<Record<string, Value>> } {
  const whole = globalNorm(g, [...grads.values()]);
  const groups = Object.entries(clipGroups).filter(([, members]) => members.length > 0);
  const norms: Record<string, Value> = { grad_norm: whole };
  const parts: (readonly [Value, readonly Parameter[]])[] = groups.length === 0 ? [[whole, trainable]] : [];
  for (const [name, members] of groups) {
    const norm = globalNorm(
      g,
      members.map((parameter) => grads.get(parameter) as Value),
    );
    norms[groupNorm(name)] = norm;
    parts.push([norm, members]);
  }
  if (parts.reduce((sum, [, members]) => sum + members.length, 0) !== trainable.length)
    throw new Error("every trainable parameter belongs to one group of those that are clipped");
  if (optimizer.maxGradNorm <= 0) return { grads, norms };
  const scaled = parts.flatMap(([norm, members]) => {
    const factor = clipFactor(g, norm, optimizer.maxGradNorm);
    return members.map((parameter) => [parameter, mul(g, grads.get(parameter) as Value, factor)] as const);
  });
  return { grads: new Map(scaled), norms };
}

function optimizerUpdate(g: GraphBuilder, options: UpdateOptions, gradOf: (parameter: Parameter) => Value) {
  const { trainable, optimizer } = options;
  return g.scoped("adamw", () => {
    const { grads, norms } = clipped(g, options, new Map(trainable.map((parameter) => [parameter, gradOf(parameter)])));
    const ratesOf = updateInputs(g, options.rateScale);
    const outputs: Record<string, Value> = {};
    const slots: Record<string, string> = {};
    for (const parameter of trainable) {
      const [m, v] = [slotNames.firstMoment(parameter.name), slotNames.secondMoment(parameter.name)];
      const state: AdamState = {
        value: g.use(parameter),
        firstMoment: g.input(m, "float32", parameter.shape),
        secondMoment: g.input(v, "float32", parameter.shape),
      };
      const grad = grads.get(parameter) as Value;
      const after = adamWUpdate(g, parameter, grad, state, ratesOf(parameter), optimizer);
      for (const [slot, value] of [
        [parameter.name, after.value],
        [m, after.firstMoment],
        [v, after.secondMoment],
      ] as const) {
        outputs[next(slot)] = value;
        slots[next(slot)] = slot;
      }
    }
    return { norms, outputs, slots };
  });
}

/** The fed rates, scaled once for each scale that occurs. */
function updateInputs(g: GraphBuilder, rateScale: StepOptions["rateScale"]): (parameter: Parameter) => UpdateInputs {
  const fed: UpdateInputs = {
    learningRate: g.input("learning_rate", "float32", []),
    stepSize: g.input("step_size", "float32", []),
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
