import type { Executor, Tensors } from "../engine/executor.js";
import type { Parameter } from "../graph/index.js";
import { initialValue } from "../nn/index.js";
import { float32Tensor } from "../tensor.js";
import { slotNames } from "./optimizer.js";

/** Parameters and moments as state slots of an executor. */
export class ParameterState {
  constructor(
    private readonly executor: Executor,
    private readonly parameters: readonly Parameter[],
    private readonly trainable: readonly Parameter[],
    /** Start values that are not drawn: a pre-trained model's, finished adapters'. */
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
    const values = this.parameters.map((parameter) => {
      const { name, shape } = parameter;
      return [name, given[name] ?? float32Tensor(shape, initialValue(parameter, seed))];
    });
    await this.executor.setState(Object.fromEntries(values));
    await this.setZeros(slotNames.firstMoment, slotNames.secondMoment);
    await this.clearGradients();
  }

  /** Takes the tensors of a checkpoint. */
  async restore(state: Tensors): Promise<void> {
    const missing = this.slots.find((slot) => !(slot in state));
    if (missing !== undefined) throw new Error(`the state lacks ${missing}`);
    await this.executor.setState(state);
    await this.clearGradients();
  }

  private async clearGradients(): Promise<void> {
    if (this.accumulates) await this.setZeros(slotNames.gradient);
  }

  /** Zeros in slots of every parameter that learns. */
  private setZeros(...slots: readonly ((name: string) => string)[]): Promise<void> {
    const shapes = this.trainable.flatMap(({ name, shape }) => slots.map((slot) => [slot(name), shape]));
    return this.executor.setZeros(Object.fromEntries(shapes));
  }
}

/** What every training's session does with its parameters' state. */
export abstract class StatefulSession implements AsyncDisposable {
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

  abstract close(): Promise<void>;

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
