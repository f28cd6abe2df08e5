import { Worker } from "node:worker_threads";
import type {
  Executor,
  ExecutorFacts,
  ExecutorOptions,
  GraphSource,
  LoadedGraph,
  Tensors,
} from "../engine/executor.js";
import { UserError } from "../errors.js";
import type { Reply, Request, Results } from "./protocol.js";
import { transferable } from "./transferable.js";

/** Tests run the TypeScript sources, but a worker thread needs JavaScript: there it takes the built file. */
function workerFile(): URL {
  const fromSource = import.meta.url.endsWith(".ts");
  return new URL(fromSource ? "../../dist/runtime/worker.js" : "./worker.js", import.meta.url);
}

/** Runs graphs in a worker thread of their own, so that the calling thread never blocks. */
export async function workerExecutor(options: ExecutorOptions = {}): Promise<Executor> {
  const channel = new Channel(new Worker(workerFile()));
  try {
    return new WorkerExecutor(await channel.call({ call: "open", options }), channel);
  } catch (error) {
    await channel.call({ call: "close" });
    throw error;
  }
}

class WorkerExecutor implements Executor {
  readonly device: Executor["device"];
  readonly bindingName: Executor["bindingName"];
  readonly int8WeightBits: Executor["int8WeightBits"];
  readonly updatesInPlace: boolean;

  constructor(
    facts: ExecutorFacts,
    private readonly channel: Channel,
  ) {
    this.device = facts.device;
    this.bindingName = facts.bindingName;
    this.int8WeightBits = facts.int8WeightBits;
    this.updatesInPlace = facts.updatesInPlace;
  }

  async load(source: GraphSource): Promise<LoadedGraph> {
    const graph = await this.channel.call({ call: "load", source });
    return {
      run: (feeds, fetch) => this.channel.call({ call: "run", graph, feeds, fetch }, transferable(feeds)),
      close: async () => {
        await this.channel.call({ call: "release", graph });
      },
    };
  }

  async setState(tensors: Tensors): Promise<void> {
    await this.channel.call({ call: "setState", tensors }, transferable(tensors));
  }

  async setZeros(shapes: Readonly<Record<string, readonly number[]>>): Promise<void> {
    await this.channel.call({ call: "setZeros", shapes });
  }

  getState(names: readonly string[]): Promise<Tensors> {
    return this.channel.call({ call: "getState", names });
  }

  async close(): Promise<void> {
    await this.channel.call({ call: "close" });
  }
}

interface Pending {
  resolve(result: Results[keyof Results]): void;
  reject(error: Error): void;
}

/** Numbered requests to a worker; if it dies, all that wait are told. */
class Channel {
  private readonly pending = new Map<number, Pending>();
  private nextId = 0;
  private death: Error | null = null;

  constructor(private readonly worker: Worker) {
    worker.on("message", (reply: Reply) => this.settle(reply));
    worker.on("error", (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", (code) => this.fail(new Error(`the compute thread ended with code ${code}`)));
  }

  call<C extends Request["call"]>(
    request: Extract<Request, { call: C }>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Results[C]> {
    if (this.death) return request.call === "close" ? Promise.resolve(null as Results[C]) : Promise.reject(this.death);
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve: resolve as Pending["resolve"], reject });
      this.worker.postMessage({ id, request }, transfer);
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
