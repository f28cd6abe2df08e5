/**
 * Asks a server at random times from a thread of its own, so that the server's is not held up by who asks.
 * @module
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { type Load, openLoop } from "./serve-load.js";

/** Requests of an open loop. */
export interface Requests {
  readonly url: string;
  readonly body: string;
  /** A second. */
  readonly rate: number;
  readonly seconds: number;
}

/** {@link openLoop} in a thread of its own. */
export function askFromThread(requests: Requests): Promise<Load> {
  const worker = new Worker(new URL(import.meta.url), { workerData: requests });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

if (!isMainThread && parentPort) {
  const { url, body, rate, seconds } = workerData as Requests;
  const headers = { "content-type": "application/json" };
  const ask = async () => {
    const response = await fetch(url, { method: "POST", headers, body });
    await response.arrayBuffer();
    return response.status;
  };
  parentPort.postMessage(await openLoop(ask, rate, seconds));
}
