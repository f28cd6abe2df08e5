/**
 * Threads that align documents.
 * @module
 */
import { Worker } from "node:worker_threads";
import { UserError } from "../../errors.js";
import type { AlignedBlock, DocumentBlock } from "./block.js";

/** What aligns blocks, some side by side. */
export interface AlignPool {
  /** How many it works on at once. */
  readonly threads: number;
  align(block: DocumentBlock): Promise<AlignedBlock>;
  close(): Promise<void>;
}

/** What a thread answers. */
export type WorkerReply = { readonly result: AlignedBlock } | { readonly error: string; readonly forUser: boolean };

interface Job {
  readonly block: DocumentBlock;
  resolve(result: AlignedBlock): void;
  reject(error: Error): void;
}

/** The worker's file. Tests run the TypeScript sources, but a worker thread needs JavaScript: they take the built file. */
function workerFile(): URL {
  const fromSource = import.meta.url.endsWith(".ts");
  return new URL(fromSource ? "../../../dist/knowledge/pipeline/worker.js" : "./worker.js", import.meta.url);
}

/**
 * Starts threads.
 *
 * @param setup what each is given: shared arrays are shared, all else is copied
 */
export function threadPool(threads: number, setup: unknown): AlignPool {
  const workers = Array.from({ length: threads }, () => new Thread(new Worker(workerFile(), { workerData: setup })));
  const waiting: Job[] = [];
  const next = () => {
    const thread = workers.find(({ busy }) => !busy);
    const job = thread && waiting.shift();
    if (thread && job) thread.run(job, next);
  };
  return {
    threads,
    align: (block) =>
      new Promise((resolve, reject) => {
        waiting.push({ block, resolve, reject });
        next();
      }),
    close: async () => {
      await Promise.all(workers.map((thread) => thread.end()));
    },
  };
}

/** A worker thread, which has one block at a time. */
class Thread {
  private job: { readonly job: Job; done(): void } | null = null;
  private death: Error | null = null;

  constructor(private readonly worker: Worker) {
    worker.on("message", (reply: WorkerReply) => this.settle(reply));
    worker.on("error", (error) => this.fail(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", (code) => this.fail(new Error(`a thread that aligns ended with code ${code}`)));
  }

  get busy(): boolean {
    return this.job !== null;
  }

  run(job: Job, done: () => void): void {
    if (this.death) {
      job.reject(this.death);
      return;
    }
    this.job = { job, done };
    this.worker.postMessage(job.block);
  }

  private settle(reply: WorkerReply): void {
    const current = this.job;
    this.job = null;
    if ("result" in reply) current?.job.resolve(reply.result);
    else current?.job.reject(reply.forUser ? new UserError(reply.error) : new Error(reply.error));
    current?.done();
  }

  private fail(error: Error): void {
    this.death ??= error;
    this.job?.job.reject(this.death);
    this.job = null;
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
