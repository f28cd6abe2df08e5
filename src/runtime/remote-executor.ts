/**
 * An executor in another thread, spoken to by messages.
 * @module
 */
import type {
  Executor,
  ExecutorFacts,
  ExecutorOptions,
  FloatMemory,
  GraphSource,
  LoadedGraph,
  PlanStep,
  Tensors,
} from "../engine/executor.js";
import { closedEngine, requireOpen } from "../engine/scopes.js";
import { UserError } from "../errors.js";
import type { NumberedRequest } from "./answering.js";
import type { Reply, Request, Results } from "./protocol.js";
import { transferable } from "./transferable.js";

/** A thread that does {@link NumberedRequest}s. */
export interface ComputeThread {
  post(asked: NumberedRequest, transfer: readonly ArrayBuffer[]): void;
}

/**
 * Starts a thread.
 *
 * @param onEnd told when it has ended: by what error, or null where it was asked to
 */
export type StartThread = (onReply: (reply: Reply) => void, onEnd: (error: Error | null) => void) => ComputeThread;

/** Runs graphs in the thread that is started, so that the calling one never blocks. */
export async function remoteExecutor(start: StartThread, options: ExecutorOptions): Promise<Executor> {
  const channel = new Channel(start);
  try {
    return new RemoteExecutor(await channel.call({ call: "open", options }), channel);
  } catch (error) {
    await channel.call({ call: "close", scope: 0 });
    throw error;
  }
}

class RemoteExecutor implements Executor {
  readonly device: Executor["device"];
  readonly bindingName: Executor["bindingName"];
  readonly int8WeightBits: Executor["int8WeightBits"];
  readonly updatesInPlace: boolean;
  private readonly scopes = new Set<RemoteExecutor>();
  /** Ends of the graphs that are loaded. */
  private readonly graphs = new Set<() => Promise<void>>();
  private closing: Promise<void> | null = null;

  constructor(
    private readonly facts: ExecutorFacts,
    private readonly channel: Channel,
    private readonly id = 0,
    private readonly onClose: () => void = () => undefined,
  ) {
    this.device = facts.device;
    this.bindingName = facts.bindingName;
    this.int8WeightBits = facts.int8WeightBits;
    this.updatesInPlace = facts.updatesInPlace;
  }

  get closed(): boolean {
    return this.closing !== null || this.channel.closed;
  }

  async load(source: GraphSource): Promise<LoadedGraph> {
    const graph = await this.channel.call({ call: "load", scope: this.id, source });
    const close = async () => {
      if (this.graphs.delete(close)) await this.channel.call({ call: "release", graph });
    };
    this.graphs.add(close);
    const loaded: LoadedGraph = {
      run: (feeds, fetch) => this.channel.call({ call: "run", graph, feeds, fetch }, transferable(feeds)),
      close,
    };
    this.channel.numbers.set(loaded, graph);
    return loaded;
  }

  async runPlan(steps: readonly PlanStep[]): Promise<readonly Tensors[]> {
    requireOpen(this);
    const numbered = steps.map((step) => {
      const graph = this.channel.numbers.get(step.graph);
      if (graph === undefined) throw new Error("a graph of the plan is another engine's");
      return { ...step, graph };
    });
    return this.channel.call({ call: "runPlan", steps: numbered }, transferable(...numbered.map(({ feeds }) => feeds)));
  }

  async setState(tensors: Tensors): Promise<void> {
    await this.channel.call({ call: "setState", scope: this.id, tensors }, transferable(tensors));
  }

  async setZeros(shapes: Readonly<Record<string, readonly number[]>>): Promise<void> {
    await this.channel.call({ call: "setZeros", scope: this.id, shapes });
  }

  getState(names: readonly string[]): Promise<Tensors> {
    return this.channel.call({ call: "getState", scope: this.id, names });
  }

  gradientMemory(names: readonly string[]): Promise<readonly FloatMemory[] | null> {
    return this.channel.call({ call: "gradientMemory", scope: this.id, names });
  }

  scope(): Executor {
    requireOpen(this);
    const opened = this.channel.nextScope();
    // The scope is opened before any request in it; if opening fails, so do the requests.
    this.channel.call({ call: "scope", scope: this.id, opened }).catch(() => undefined);
    const scope: RemoteExecutor = new RemoteExecutor(this.facts, this.channel, opened, () => this.scopes.delete(scope));
    this.scopes.add(scope);
    return scope;
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    if (this.id === 0) this.channel.closed = true;
    for (const scope of [...this.scopes]) await scope.close();
    for (const close of [...this.graphs]) await close();
    await this.channel.call({ call: "close", scope: this.id });
    this.onClose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

interface Pending {
  resolve(result: Results[keyof Results]): void;
  reject(error: Error): void;
}

/** Numbered requests to a worker; if it dies, all pending requests fail. */
class Channel {
  private readonly thread: ComputeThread;
  private readonly pending = new Map<number, Pending>();
  private nextId = 0;
  private scopes = 0;
  private death: Error | null = null;
  /** The worker's number of each graph. */
  readonly numbers = new WeakMap<LoadedGraph, number>();
  /** Whether the executor was closed: its worker ends, and nobody may ask it for more. */
  closed = false;

  constructor(start: StartThread) {
    this.thread = start(
      (reply) => this.settle(reply),
      (error) => this.fail(error ?? closedEngine()),
    );
  }

  /** A number for a scope that nobody has had. */
  nextScope(): number {
    return ++this.scopes;
  }

  call<C extends Request["call"]>(
    request: Extract<Request, { call: C }>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Results[C]> {
    // A dead worker has nothing open.
    const ends = request.call === "close" || request.call === "release";
    if (this.death && ends) return Promise.resolve(null as Results[C]);
    const refusal = this.death ?? (this.closed && !ends ? closedEngine() : null);
    if (refusal) return Promise.reject(refusal);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve: resolve as Pending["resolve"], reject });
      this.thread.post({ id, request }, transfer);
    });
  }

  private settle(reply: Reply): void {
    const pending = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (!pending) return;
    if ("error" in reply) pending.reject(reply.forUser ? new UserError(reply.error) : new Error(reply.error));
    else pending.resolve(reply.result);
  }

  private fail(error: Error): void {
    this.death ??= error;
    for (const pending of this.pending.values()) pending.reject(this.death);
    this.pending.clear();
  }
}
