import { byteCount, type HostTensor, type TensorType } from "../tensor.js";
import type { Binding } from "./binding.js";

/**
 * A tensor that stays between runs. A run that replaces it writes into the spare buffer, then the two change places; or,
 * where the binding writes nothing in place, it makes a new value.
 */
export interface Slot<V> {
  readonly type: TensorType;
  current: V;
  spare: V | null;
}

/** The tensors that stay between an executor's runs, by name. */
export class StateSlots<V> {
  private readonly slots = new Map<string, Slot<V>>();

  constructor(private readonly binding: Binding<V>) {}

  has(name: string): boolean {
    return this.slots.has(name);
  }

  /** @throws Error where there is none of that name */
  get(name: string): Slot<V> {
    const slot = this.slots.get(name);
    if (!slot) throw new Error(`the state has no slot ${name}`);
    return slot;
  }

  /** Creates or replaces a slot. */
  fill(name: string, { dtype, shape }: TensorType, current: V): void {
    this.release(name);
    this.slots.set(name, { type: { dtype, shape }, current, spare: null });
  }

  /** Takes what a run has made of a slot: its spare buffer, or a new value. */
  replace(name: string, made: V): void {
    const slot = this.get(name);
    if (this.binding.writesInPlace) slot.spare = slot.current;
    else this.binding.release(slot.current);
    slot.current = made;
  }

  /** Gives each of the slots a spare buffer; returns how many bytes were lacking. */
  async makeSpares(names: readonly string[]): Promise<number> {
    const lacking = names.map((name) => this.get(name)).filter(({ spare }) => spare === null);
    if (lacking.length === 0) return 0;
    const types = lacking.map(({ type }) => type);
    (await this.binding.zeros(types)).forEach((value, i) => {
      (lacking[i] as Slot<V>).spare = value;
    });
    return types.reduce((sum, type) => sum + byteCount(type), 0);
  }

  /**
   * Lets a slot lie in the memory of `place`; returns how many bytes came there for the first time. It may have left its
   * place by {@link replace}, which made it the spare.
   */
  async settle(name: string, place: HostTensor): Promise<number> {
    const { binding } = this;
    const slot = this.get(name);
    const held = await binding.unwrap(slot.current);
    if (held.data === place.data) return 0;
    copyInto(place, held, name);
    if (slot.spare && (await binding.unwrap(slot.spare)).data === place.data) {
      [slot.current, slot.spare] = [slot.spare, slot.current];
      return 0;
    }
    this.fill(name, place, binding.wrap(place));
    return byteCount(place);
  }

  /** Makes `place` the memory of a slot; what the slot held before is not copied. */
  async lay(name: string, place: HostTensor): Promise<void> {
    if (!(await this.liesAt(name, place))) this.fill(name, place, this.binding.wrap(place));
  }

  /** Lets go of a slot if it lies there. */
  async dropFrom(name: string, place: HostTensor): Promise<void> {
    if (await this.liesAt(name, place)) this.release(name);
  }

  private async liesAt(name: string, place: HostTensor): Promise<boolean> {
    const slot = this.slots.get(name);
    return slot !== undefined && (await this.binding.unwrap(slot.current)).data === place.data;
  }

  private release(name: string): void {
    const slot = this.slots.get(name);
    this.slots.delete(name);
    if (slot) this.binding.release(slot.current);
    if (slot?.spare) this.binding.release(slot.spare);
  }

  clear(): void {
    for (const name of [...this.slots.keys()]) this.release(name);
  }
}

function copyInto(place: HostTensor, { dtype, shape, data }: HostTensor, name: string): void {
  if (dtype !== place.dtype || data.length !== place.data.length)
    throw new Error(`slot ${name} holds ${dtype} [${shape.join(", ")}] where [${place.shape.join(", ")}] is updated`);
  (place.data as Float32Array).set(data as Float32Array);
}
