import { byteCount, bytesOf, elementCount, type HostTensor, type TensorType } from "../tensor.js";
import type {
  Executor,
  ExecutorFacts,
  ExecutorOptions,
  GraphSource,
  LoadedGraph,
  Tensors,
} from "../training/executor.js";
import type { Binding, BoundSession } from "./binding.js";
import { candidateDevices, defaultThreads, int8WeightBits } from "./devices.js";

/**
 * A tensor that stays between runs. A run that replaces it writes into the spare buffer, then the two change places; or,
 * where the binding writes nothing in place, it makes a new value.
 */
interface Slot<V> {
  readonly type: TensorType;
  current: V;
  spare: V | null;
}

/** What a step's activations and gradients take beside the state that it replaces, about. */
const activationShare = 2;

/**
 * Runs graphs on the calling thread, which is blocked while a graph runs: good for tests and inside a worker thread.
 */
export async function localExecutor(options: ExecutorOptions = {}): Promise<Executor> {
  const candidates = candidateDevices(options.device ?? "auto");
  const device = await firstWorkingDevice(candidates);
  const threads = options.threads ?? defaultThreads();
  const direct = options.binding === "node" ? null : await directBinding(device);
  if (direct) return new LocalExecutor(device, threads, "c", direct);
  const { nodeBinding } = await import("./node-binding.js");
  return new LocalExecutor(device, threads, "node", nodeBinding);
}

/** The binding that copies no state, or null where there is none or foreign functions cannot be called. */
async function directBinding(device: Executor["device"]) {
  try {
    if (device === "webgpu") return null;
    if (device === "cuda") return new (await import("./cuda-binding.js")).CudaBinding();
    return new (await import("./c-binding.js")).CBinding();
  } catch {
    return null;
  }
}

/** `auto` falls back to the CPU when a GPU's libraries are missing; an explicit device is an error then. */
async function firstWorkingDevice(candidates: readonly Executor["device"][]): Promise<Executor["device"]> {
  const { probeDevice } = await import("./probe.js");
  let failure: unknown;
  for (const device of candidates) {
    if (device === "cpu") return device;
    try {
      await probeDevice(device);
      return device;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

class LocalExecutor<V> implements Executor {
  private readonly slots = new Map<string, Slot<V>>();
  private readonly sessions = new Set<BoundSession<V>>();
  readonly int8WeightBits = int8WeightBits();

  constructor(
    readonly device: Executor["device"],
    private readonly threads: number,
    readonly bindingName: Executor["bindingName"],
    private readonly binding: Binding<V>,
  ) {}

  async load(source: GraphSource): Promise<LoadedGraph> {
    const session = await this.binding.open(source, this.device, this.threads);
    this.sessions.add(session);
    const updates = new Map(Object.entries(source.updates ?? {}));
    return {
      run: (feeds, fetch) => this.run(session, updates, feeds, fetch),
      close: async () => {
        if (this.sessions.delete(session)) await session.close();
      },
    };
  }

  private async run(
    session: BoundSession<V>,
    updates: ReadonlyMap<string, string>,
    feeds: Tensors,
    fetch: readonly string[],
  ): Promise<Tensors> {
    const { binding } = this;
    const missing = session.inputNames.find((name) => !(name in feeds || this.slots.has(name)));
    if (missing !== undefined) throw new Error(`the graph's input ${missing} is neither fed nor part of the state`);
    const outputs = new Map<string, V | null>(fetch.map((name) => [name, null]));
    if (binding.writesInPlace) await this.makeSpares(session, [...updates.values()]);
    for (const [output, name] of updates) outputs.set(output, this.slot(name).spare);
    const fed: V[] = [];
    const feed = (tensor: HostTensor): V => {
      const value = binding.wrap(checked(tensor));
      fed.push(value);
      return value;
    };
    try {
      const inputs = new Map(
        session.inputNames.map((name) => {
          const tensor = feeds[name];
          return [name, tensor ? feed(tensor) : this.slot(name).current];
        }),
      );
      const results = await session.run(inputs, outputs);
      for (const [output, name] of updates) this.replace(name, results.get(output) as V);
      const taken = await Promise.all(
        fetch.map(async (name) => [name, await this.take(results.get(name) as V)] as const),
      );
      return Object.fromEntries(taken);
    } finally {
      for (const value of fed) binding.release(value);
    }
  }

  private async take(value: V): Promise<HostTensor> {
    const tensor = await this.binding.unwrap(value);
    this.binding.release(value);
    return tensor;
  }

  private slot(name: string): Slot<V> {
    const slot = this.slots.get(name);
    if (!slot) throw new Error(`the state has no slot ${name}`);
    return slot;
  }

  /** Takes what a run has made of a slot: its spare buffer, or a new value. */
  private replace(name: string, made: V): void {
    const slot = this.slot(name);
    if (this.binding.writesInPlace) slot.spare = slot.current;
    else this.binding.release(slot.current);
    slot.current = made;
  }

  private async makeSpares(session: BoundSession<V>, names: readonly string[]): Promise<void> {
    const lacking = names.map((name) => this.slot(name)).filter(({ spare }) => spare === null);
    if (lacking.length === 0) return;
    const types = lacking.map(({ type }) => type);
    (await this.binding.zeros(types)).forEach((value, i) => {
      (lacking[i] as Slot<V>).spare = value;
    });
    const bytes = types.reduce((sum, type) => sum + byteCount(type), 0);
    session.expect?.(activationShare * bytes);
  }

  async setState(tensors: Tensors): Promise<void> {
    for (const [name, tensor] of Object.entries(tensors)) {
      const current = await this.binding.keep(checked(tensor));
      this.fill(name, tensor, current);
    }
  }

  async setZeros(shapes: Readonly<Record<string, readonly number[]>>): Promise<void> {
    const types = Object.values(shapes).map((shape) => ({ dtype: "float32" as const, shape }));
    const values = await this.binding.zeros(types);
    Object.keys(shapes).forEach((name, i) => {
      this.fill(name, types[i] as TensorType, values[i] as V);
    });
  }

  private fill(name: string, { dtype, shape }: TensorType, current: V): void {
    this.releaseSlot(name);
    this.slots.set(name, { type: { dtype, shape }, current, spare: null });
  }

  private releaseSlot(name: string): void {
    const slot = this.slots.get(name);
    this.slots.delete(name);
    if (slot) this.binding.release(slot.current);
    if (slot?.spare) this.binding.release(slot.spare);
  }

  async getState(names: readonly string[]): Promise<Tensors> {
    const copies = names.map(
      async (name) => [name, copyOf(await this.binding.unwrap(this.slot(name).current))] as const,
    );
    return Object.fromEntries(await Promise.all(copies));
  }

  async close(): Promise<void> {
    const open = [...this.sessions];
    this.sessions.clear();
    for (const session of open) await session.close();
    for (const name of [...this.slots.keys()]) this.releaseSlot(name);
    await this.binding.close?.();
  }
}

export const factsOf = ({ device, bindingName, int8WeightBits }: Executor): ExecutorFacts => ({
  device,
  bindingName,
  int8WeightBits,
});

function copyOf(tensor: HostTensor): HostTensor {
  return { ...tensor, data: tensor.data.slice() } as HostTensor;
}

function checked(tensor: HostTensor): HostTensor {
  if (tensor.data.length === elementCount(tensor.shape)) return tensor;
  throw new Error(`a tensor of shape [${tensor.shape.join(", ")}] has ${tensor.data.length} elements`);
}

/** Buffers that may be moved to another thread: those that hold one tensor and nothing else. */
export function transferable(tensors: Tensors): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const tensor of Object.values(tensors)) {
    const { buffer, byteLength } = bytesOf(tensor);
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffers.add(buffer);
  }
  return [...buffers];
}
