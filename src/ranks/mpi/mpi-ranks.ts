/**
 * Ranks that a launcher has started (`mpirun`, `srun`), by the message-passing library of the machine.
 * @module
 */
import { Worker } from "node:worker_threads";
import { setting, UserError, userError } from "../../errors.js";
import { counted } from "../../phrases.js";
import { memoryOf } from "../memory.js";
import type { GatherOptions, Plane, Ranks, Round, Summing } from "../ranks.js";
import { builtFile } from "./built-file.js";
import { launchedSize, libraryVariable } from "./library.js";
import type { Opened, Reply, Request, Results } from "./protocol.js";

export interface MpiOptions {
  /** Seconds that the others may take to answer within a step. */
  readonly timeout: number;
  /** See {@link Ranks.about}. */
  readonly about: Readonly<Record<string, string>>;
}

/**
 * Joins the other processes of a launcher. A process alone is the only rank.
 *
 * @throws UserError where no library is found, it is not the launcher's, or the number of ranks is no power of two
 */
export async function openMpiRanks(options: MpiOptions): Promise<MpiRanks> {
  const thread = new Thread(new Worker(builtFile("worker.js")), options.timeout);
  const opened = await thread.call({ call: "open" }, null);
  try {
    requireTogether(opened);
  } catch (error) {
    await thread.call({ call: "close" }, null);
    throw error;
  }
  return new MpiRanks(thread, opened, { ...options.about, "MPI library": opened.version });
}

function requireTogether({ size, version, path }: Opened): void {
  const launched = launchedSize();
  if (launched !== null && launched !== size) {
    throw userError({
      where: path,
      what: `${version} knows of ${counted(size, "process")}, and the launcher has started ${launched}: they do not belong together`,
      fix: `take the launcher of this library, or name the launcher's library in the environment's ${libraryVariable}`,
    });
  }
  if (2 ** Math.round(Math.log2(size)) !== size) {
    throw userError({ what: `${size} processes were started`, expected: "1, 2, 4, 8 or another power of two" });
  }
}

/** One of the processes that a launcher has started. */
export class MpiRanks implements Ranks {
  readonly rank: number;
  readonly size: number;

  constructor(
    private readonly thread: Thread,
    readonly opened: Opened,
    readonly about: Readonly<Record<string, string>>,
  ) {
    this.rank = opened.rank;
    this.size = opened.size;
  }

  sum(planes: readonly Plane[], round: Round): Summing {
    let taken: () => void = () => undefined;
    const wasTaken = new Promise<void>((resolve) => {
      taken = resolve;
    });
    const request = { call: "sum", planes: planes.map(memoryOf), round } as const;
    const done = this.thread.call(request, "step", taken).then(() => undefined);
    done.catch(() => undefined);
    return { taken: Promise.race([wasTaken, done]), done };
  }

  gather(text: string, { patient = false }: GatherOptions = {}): Promise<readonly string[]> {
    return this.thread.call({ call: "gather", text, patient }, patient ? null : "step");
  }

  gatherFloats(own: Float32Array<ArrayBuffer>): Promise<readonly Float32Array[]> {
    return this.thread.call({ call: "gatherFloats", own }, "step");
  }

  async close(): Promise<void> {
    await this.thread.call({ call: "close" }, null);
  }

  /** Ends this process and all others, whatever they do: it does not return. */
  async abort(code: number): Promise<void> {
    // From this thread, as the other may wait for a rank that never answers.
    const { Mpi } = await import("./binding.js");
    new Mpi().abort(code);
  }
}

interface Pending {
  resolve(result: Results[keyof Results]): void;
  reject(error: Error): void;
  readonly taken: (() => void) | undefined;
  readonly timer: NodeJS.Timeout | null;
}

/** Numbered requests to the thread, with a watch on those that the others must answer soon. */
class Thread {
  private readonly pending = new Map<number, Pending>();
  private nextId = 0;

  constructor(
    private readonly worker: Worker,
    private readonly timeout: number,
  ) {
    worker.on("message", (reply: Reply) => this.settle(reply));
    worker.on("error", (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", () => this.fail(new Error("the ranks were closed")));
  }

  call<C extends Request["call"]>(
    request: Extract<Request, { call: C }>,
    watched: "step" | null,
    taken?: () => void,
  ): Promise<Results[C]> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const timer = watched ? setTimeout(() => this.fail(this.tooLate()), 1000 * this.timeout) : null;
      this.pending.set(id, { resolve: resolve as Pending["resolve"], reject, taken, timer });
      this.worker.postMessage({ id, request });
    });
  }

  private settle(reply: Reply): void {
    const pending = this.pending.get(reply.id);
    if (!pending) return;
    if ("taken" in reply) {
      pending.taken?.();
      return;
    }
    this.pending.delete(reply.id);
    if (pending.timer) clearTimeout(pending.timer);
    if ("error" in reply) pending.reject(reply.forUser ? new UserError(reply.error) : new Error(reply.error));
    else pending.resolve(reply.result);
  }

  private tooLate(): Error {
    return userError({
      what: `another rank has not answered for ${this.timeout} s: it hangs, or is far slower`,
      fix: `look at its machine and go on with ${setting("resume", true)}; ${setting("rankTimeout")} sets how long to wait`,
    });
  }

  private fail(error: Error): void {
    for (const { reject, timer } of this.pending.values()) {
      if (timer) clearTimeout(timer);
      reject(error);
    }
    this.pending.clear();
  }
}
