import type { Parameter } from "../graph/index.js";
import { initialValue } from "../nn/index.js";
import { elementCount, float32Tensor, type HostTensor } from "../tensor.js";
import type { Executor, Tensors } from "./executor.js";
import { slotNames } from "./step.js";

/** Parameters and moments as state slots of an executor. */
export class ParameterState {
  constructor(
    private readonly executor: Executor,
    private readonly parameters: readonly Parameter[],
    private readonly trainable: readonly Parameter[],
    /** Values that are given instead of drawn: a pre-trained model, finished adapters. */
    private readonly given: () => Promise<Tensors> = async () => ({}),
    /** Whether gradients are accumulated in slots of their own. */
    private readonly accumulates = false,
  ) {}

  /** Names of all state slots: parameters, and moments of those that learn. */
  get slots(): readonly string[] {
    const learning = new Set(this.trainable);
    return this.parameters.flatMap((parameter) => {
      const { name } = parameter;
      return learning.has(parameter) ? [name, slotNames.firstMoment(name), slotNames.secondMoment(name)] : [name];
    });
  }

  /** Given parameters, fresh ones that follow from the seed, and moments of zero. */
  async initialise(seed: number): Promise<void> {
    const given = await this.given();
    const state: Record<string, HostTensor> = {};
    for (const parameter of this.parameters) {
      const { name, shape } = parameter;
      state[name] = given[name] ?? float32Tensor(shape, initialValue(parameter, seed));
    }
    for (const { name, shape } of this.trainable) {
      for (const slot of [slotNames.firstMoment(name), slotNames.secondMoment(name)]) state[slot] = zeros(shape);
    }
    await this.restore(state);
  }

  /** Takes the tensors of a checkpoint. */
  async restore(state: Tensors): Promise<void> {
    const missing = this.slots.find((slot) => !(slot in state));
    if (missing !== undefined) throw new Error(`the state lacks ${missing}`);
    await this.executor.setState(state);
    if (!this.accumulates) return;
    const gradients = this.trainable.map(({ name, shape }) => [slotNames.gradient(name), zeros(shape)]);
    await this.executor.setState(Object.fromEntries(gradients));
  }
}

/** What every training's session does with its parameters' state. */
export abstract class StatefulSession {
  protected constructor(protected readonly state: ParameterState) {}

  get slots(): readonly string[] {
    return this.state.slots;
  }

  initialise(seed: number): Promise<void> {
    return this.state.initialise(seed);
  }

  restore(state: Tensors): Promise<void> {
    return this.state.restore(state);
  }
}

const zeros = (shape: readonly number[]): HostTensor => float32Tensor(shape, new Float32Array(elementCount(shape)));
