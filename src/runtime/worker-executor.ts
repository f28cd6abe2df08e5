import { Worker } from "node:worker_threads";
import type { Executor, ExecutorOptions } from "../engine/executor.js";
import { remoteExecutor } from "./remote-executor.js";

/** The worker's file. Tests run the TypeScript sources, but a worker thread needs JavaScript: they take the built file. */
function workerFile(): URL {
  const fromSource = import.meta.url.endsWith(".ts");
  return new URL(fromSource ? "../../dist/runtime/worker.js" : "./worker.js", import.meta.url);
}

/** Runs graphs in a worker thread of their own, so that the calling thread never blocks. */
export function workerExecutor(options: ExecutorOptions = {}): Promise<Executor> {
  return remoteExecutor((onReply, onEnd) => {
    const worker = new Worker(workerFile());
    worker.on("message", onReply);
    worker.on("error", (error) => onEnd(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", (code) => onEnd(code === 0 ? null : new Error(`the compute thread ended with code ${code}`)));
    return { post: (asked, transfer) => worker.postMessage(asked, transfer) };
  }, options);
}
