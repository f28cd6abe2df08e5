/** Messages between {@link workerExecutor} and the worker thread that runs the graphs. */
import type { ExecutorFacts, ExecutorOptions, GraphSource, Tensors } from "../engine/executor.js";

export type Request =
  | { readonly call: "open"; readonly options: ExecutorOptions }
  | { readonly call: "load"; readonly source: GraphSource }
  | { readonly call: "run"; readonly graph: number; readonly feeds: Tensors; readonly fetch: readonly string[] }
  | { readonly call: "release"; readonly graph: number }
  | { readonly call: "setState"; readonly tensors: Tensors }
  | { readonly call: "setZeros"; readonly shapes: Readonly<Record<string, readonly number[]>> }
  | { readonly call: "getState"; readonly names: readonly string[] }
  | { readonly call: "close" };

export interface Results {
  open: ExecutorFacts;
  load: number;
  run: Tensors;
  release: null;
  setState: null;
  setZeros: null;
  getState: Tensors;
  close: null;
}

export type Reply =
  | { readonly id: number; readonly result: Results[keyof Results] }
  | { readonly id: number; readonly error: string; readonly forUser: boolean };
