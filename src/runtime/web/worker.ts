/**
 * The Web Worker in which graphs run, so that the page stays awake.
 * @module kadapter/browser/worker
 */
import { answering, type NumberedRequest } from "../answering.js";
import { webExecutor } from "./web-executor.js";

/** What is used of a worker's own scope, which neither TypeScript's ES libraries nor Node's types declare. */
interface WorkerScope {
  postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
  close(): void;
  onmessage: ((event: { readonly data: NumberedRequest }) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const answer = answering(
  { post: (reply, transfer) => scope.postMessage(reply, transfer), close: () => scope.close() },
  webExecutor,
);
scope.onmessage = ({ data }) => answer(data);
