/**
 * An executor over any {@link Binding}: what state there is, what a run replaces of it, and who owns what.
 * @module
 */
import type {
  Executor,
  ExecutorFacts,
  FloatMemory,
  GraphSource,
  InPlaceAdamW,
  LoadedGraph,
  PlanStep,
  Tensors,
} from "../engine/executor.js";
import { requireOpen } from "../engine/scopes.js";
import { elementCount, type HostTensor, type TensorType } from "../tensor.js";
import { runsKernels } from "./adamw-kernel.js";
import type { Binding, BoundSession } from "./binding.js";
import { AdamWMemory } from "./in-place-adamw.js";
import { runSteps } from "./plan.js";
import { StateSlots } from "./state-slots.js";

/** A graph that is loaded, and what becomes of its outputs. */
interface OpenGraph<V> {
  readonly session: BoundSession<V>;
  /** State that it replaces: output name → slot name. */
  readonly updates: ReadonlyMap<string, string>;
  /** What it writes into slots where they lie: output name → slot name. */
  readonly written: ReadonlyMap<string, string>;
  readonly adamW: AdamWMemory | null;
  /** Whether AdamW follows each run. */
  readonly applies: boolean;
}

type Owners<V> = WeakMap<LoadedGraph, { readonly graph: OpenGraph<V>; readonly executor: BoundExecutor<V> }>;

/** About how much a step's activations and gradients take beside the state that it replaces. */
const activationShare = 2;

/** Opens an executor; it closes the binding with itself. */
export function executorOn<V>(
  facts: Omit<ExecutorFacts, "updatesInPlace">,
  threads: number,
  binding: Binding<V>,
): Executor {
  const updatesInPlace = facts.device === "cpu" && binding.writesInPlace && runsKernels();
  return new BoundExecutor({ ...facts, updatesInPlace }, threads, binding, async () => binding.close?.());
}

class BoundExecutor<V> implements Executor {
  readonly device: Executor["device"];
  readonly bindingName: Executor["bindingName"];
  readonly int8WeightBits: Executor["int8WeightBits"];
  readonly updatesInPlace: boolean;
  private readonly slots: StateSlots<V>;
  private readonly graphs = new Set<OpenGraph<V>>();
  private readonly scopes = new Set<BoundExecutor<V>>();
  closed = false;

  constructor(
    private readonly facts: ExecutorFacts,
    private readonly threads: number,
    private readonly binding: Binding<V>,
    private readonly onClose: () => Promise<void> | void,
    /** The graphs of this engine's scopes, for plans. */
    private readonly owners: Owners<V> = new WeakMap(),
  ) {
    this.device = facts.device;
    this.bindingName = facts.bindingName;
    this.int8WeightBits = facts.int8WeightBits;
    this.updatesInPlace = facts.updatesInPlace;
    this.slots = new StateSlots(binding);
  }

  async load(source: GraphSource): Promise<LoadedGraph> {
    requireOpen(this);
    if (source.adamW && !this.updatesInPlace) throw new Error("this executor does not update in place");
    const session = await this.binding.open(source, this.device, this.threads);
    const adamW = source.adamW ? this.memoryFor(source.adamW) : null;
    const isGradient = ([, slot]: readonly [string, string]) => adamW?.gradients.has(slot) ?? false;
    const all = Object.entries(source.updates ?? {});
    const updates = new Map(all.filter((update) => !isGradient(update)));
    const applies = adamW !== null && source.gradientsOnly !== true;
    const graph = { session, updates, written: new Map(all.filter(isGradient)), adamW, applies };
    this.graphs.add(graph);
    const loaded: LoadedGraph = {
      run: (feeds, fetch) => this.run(graph, feeds, fetch),
      close: async () => {
        if (!this.graphs.delete(graph)) return;
        await this.dropGradients(graph);
        await session.close();
      },
    };
    this.owners.set(loaded, { graph, executor: this });
    return loaded;
  }

  async runPlan(steps: readonly PlanStep[]): Promise<readonly Tensors[]> {
    requireOpen(this);
    const bound = steps.map(({ graph: loaded, ...step }) => {
      const owner = this.owners.get(loaded);
      if (!owner) throw new Error("a graph of the plan is another engine's");
      const { graph, executor } = owner;
      if (!executor.graphs.has(graph)) throw new Error("a graph of the plan was closed");
      if (graph.updates.size > 0 || graph.adamW) throw new Error("a graph of the plan changes state");
      const { session } = graph;
      return { ...step, session, state: (name: string) => executor.slots.get(name).current };
    });
    return runSteps(this.binding, bound);
  }

  /** Removes gradients, which are nobody's state: they would keep the memory of a finished training. */
  private async dropGradients({ adamW }: OpenGraph<V>): Promise<void> {
    if (!adamW || [...this.graphs].some((other) => other.adamW === adamW)) return;
    for (const [name, place] of adamW.places) if (adamW.gradients.has(name)) await this.slots.dropFrom(name, place);
  }

  /** Graphs that update the same slots do it in the same memory. */
  private memoryFor(update: InPlaceAdamW): AdamWMemory {
    const other = [...this.graphs].find(({ adamW }) => adamW && sameUpdate(adamW.update, update));
    return other?.adamW ?? new AdamWMemory(update, (memory) => this.binding.prepare?.(memory));
  }

  private async run(graph: OpenGraph<V>, feeds: Tensors, fetch: readonly string[]): Promise<Tensors> {
    const { binding, slots } = this;
    const { session, updates, written, adamW, applies } = graph;
    if (!this.graphs.has(graph)) throw new Error("the graph was closed");
    const known = (name: string) => name in feeds || slots.has(name) || adamW?.gradients.has(name);
    const missing = session.inputNames.find((name) => !known(name));
    if (missing !== undefined) throw new Error(`the graph's input ${missing} is neither fed nor part of the state`);
    await this.prepare(graph);
    const factors = applies ? (adamW?.factors ?? []) : [];
    const outputs = new Map<string, V | null>([...fetch, ...factors].map((name) => [name, null]));
    for (const [output, name] of updates) outputs.set(output, slots.get(name).spare);
    for (const [output, name] of written) outputs.set(output, slots.get(name).current);
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
          return [name, tensor ? feed(tensor) : slots.get(name).current];
        }),
      );
      const results = await session.run(inputs, outputs);
      for (const [output, name] of updates) slots.replace(name, results.get(output) as V);
      const take = async (name: string) => [name, await this.take(results.get(name) as V)] as const;
      if (applies) adamW?.apply({ ...feeds, ...Object.fromEntries(await Promise.all(factors.map(take))) });
      return Object.fromEntries(await Promise.all(fetch.map(take)));
    } finally {
      for (const value of fed) binding.release(value);
    }
  }

  /** Makes room for what a run replaces, and lets slots lie where AdamW works on them. */
  private async prepare({ session, updates, written, adamW, applies }: OpenGraph<V>): Promise<void> {
    const overwritten = new Set(written.values());
    let bytes = this.binding.writesInPlace ? await this.slots.makeSpares([...updates.values()]) : 0;
    for (const [name, place] of adamW?.places ?? []) {
      if (overwritten.has(name)) await this.slots.lay(name, place);
      else if (applies) bytes += await this.slots.settle(name, place);
    }
    if (bytes > 0) session.expect?.(activationShare * bytes);
  }

  private async take(value: V): Promise<HostTensor> {
    const tensor = await this.binding.unwrap(value);
    this.binding.release(value);
    return tensor;
  }

  async setState(tensors: Tensors): Promise<void> {
    requireOpen(this);
    for (const [name, tensor] of Object.entries(tensors)) {
      const current = await this.binding.keep(checked(tensor));
      this.slots.fill(name, tensor, current);
    }
  }

  async setZeros(shapes: Readonly<Record<string, readonly number[]>>): Promise<void> {
    requireOpen(this);
    const types = Object.values(shapes).map((shape) => ({ dtype: "float32" as const, shape }));
    const values = await this.binding.zeros(types);
    Object.keys(shapes).forEach((name, i) => {
      this.slots.fill(name, types[i] as TensorType, values[i] as V);
    });
  }

  async getState(names: readonly string[]): Promise<Tensors> {
    const copies = names.map(
      async (name) => [name, copyOf(await this.binding.unwrap(this.slots.get(name).current))] as const,
    );
    return Object.fromEntries(await Promise.all(copies));
  }

  async gradientMemory(names: readonly string[]): Promise<readonly FloatMemory[] | null> {
    requireOpen(this);
    const { binding } = this;
    const memory = [...this.graphs]
      .flatMap(({ adamW }) => adamW ?? [])
      .find(({ gradients }) => holdsAll(gradients, names));
    if (!memory || !binding.addressOf) return null;
    for (const name of names) await this.slots.lay(name, memory.places.get(name) as HostTensor);
    return memory.gradientPlanes((bytes) => binding.addressOf?.(bytes) as bigint);
  }

  scope(): Executor {
    requireOpen(this);
    const { facts, threads, binding, owners } = this;
    const onClose = () => void this.scopes.delete(scope);
    const scope: BoundExecutor<V> = new BoundExecutor(facts, threads, binding, onClose, owners);
    this.scopes.add(scope);
    return scope;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const scope of [...this.scopes]) await scope.close();
    const open = [...this.graphs];
    this.graphs.clear();
    for (const { session } of open) await session.close();
    this.slots.clear();
    await this.onClose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export const factsOf = ({ device, bindingName, int8WeightBits, updatesInPlace }: Executor): ExecutorFacts => ({
  device,
  bindingName,
  int8WeightBits,
  updatesInPlace,
});

/** Both are plain data, made by the same code. */
const sameUpdate = (a: InPlaceAdamW, b: InPlaceAdamW) => JSON.stringify(a) === JSON.stringify(b);

const holdsAll = (set: ReadonlySet<string>, names: readonly string[]) =>
  set.size === names.length && names.every((name) => set.has(name));

function copyOf(tensor: HostTensor): HostTensor {
  return { ...tensor, data: tensor.data.slice() } as HostTensor;
}

function checked(tensor: HostTensor): HostTensor {
  if (tensor.data.length === elementCount(tensor.shape)) return tensor;
  throw new Error(`a tensor of shape [${tensor.shape.join(", ")}] has ${tensor.data.length} elements`);
}
