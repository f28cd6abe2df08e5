import type { Executor } from "../engine/executor.js";
import { userError } from "../errors.js";
import type { Engine } from "../library/engine.js";
import type { NumberedRequest } from "../runtime/answering.js";
import type { Reply } from "../runtime/protocol.js";
import { remoteExecutor, type StartThread } from "../runtime/remote-executor.js";
import { webExecutor } from "../runtime/web/web-executor.js";

/** A Web Worker, as much of it as is used. */
export interface ComputeWorker {
  /** Sends a request. */
  postMessage(message: NumberedRequest, transfer: readonly ArrayBuffer[]): void;
  /** Hears of answers and of its end. */
  addEventListener(type: string, listener: (event: never) => void): void;
}

declare const Worker: new (url: URL, options: { readonly type: "module" }) => ComputeWorker;

/** Where an engine computes. */
export interface BrowserEngineOptions {
  /** `auto` (the default) and `cpu` compute in WebAssembly; `webgpu` on the graphics card, where the browser lets it. */
  readonly device?: "auto" | "cpu" | "webgpu";
  /**
   * Threads inside one operator: by default half as many as the browser counts cores where the page is cross-origin isolated,
   * else one. Trained bits depend on it.
   */
  readonly threads?: number;
  /**
   * Makes the Web Worker in which graphs run, for bundlers that do not find `kadapter/browser/worker` by themselves;
   * `this` computes on the calling thread, for a program that is in a worker of its own.
   */
  readonly worker?: (() => ComputeWorker) | "this";
}

/**
 * Starts the engine: `onnxruntime-web` in a Web Worker. Any number of trainings and models share one; `close` it when all
 * of them are closed.
 *
 * @throws UserError where the browser has no such device
 * @example
 * const engine = await openEngine();
 */
export async function openEngine(options: BrowserEngineOptions = {}): Promise<Engine> {
  const { worker = usualWorker, device = "auto", threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw userError({ where: "openEngine: threads", what: `it is ${threads}`, expected: "a whole number from 1" });
  }
  const how = { device, ...(threads === undefined ? {} : { threads }) };
  return worker === "this" ? webExecutor(how) : inWorker(worker, how);
}

const usualWorker = () => new Worker(new URL("../runtime/web/worker.js", import.meta.url), { type: "module" });

function inWorker(make: () => ComputeWorker, options: Parameters<typeof remoteExecutor>[1]): Promise<Executor> {
  const start: StartThread = (onReply, onEnd) => {
    const worker = make();
    worker.addEventListener("message", ({ data }: { readonly data: Reply }) => onReply(data));
    worker.addEventListener("error", ({ message }: { readonly message?: string }) =>
      onEnd(new Error(message ?? "the compute worker could not be started")),
    );
    return { post: (asked, transfer) => worker.postMessage(asked, transfer) };
  };
  return remoteExecutor(start, options);
}
