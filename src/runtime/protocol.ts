/** Messages between {@link workerExecutor} and the worker thread that runs the graphs. */
import type {
  Executor,
  ExecutorFacts,
  ExecutorOptions,
  FloatMemory,
  GraphSource,
  PlanStep,
  Tensors,
} from "../engine/executor.js";

/** What stands in the scope that is named, see {@link Executor.scope}; 0 is the executor itself. */
interface Scoped {
  readonly scope: number;
}

export type Request =
  | { readonly call: "open"; readonly options: ExecutorOptions }
  /** Opens a scope under a number that the caller has chosen. */
  | ({ readonly call: "scope"; readonly opened: number } & Scoped)
  | ({ readonly call: "load"; readonly source: GraphSource } & Scoped)
  | { readonly call: "run"; readonly graph: number; readonly feeds: Tensors; readonly fetch: readonly string[] }
  | { readonly call: "runPlan"; readonly steps: readonly NumberedStep[] }
  | { readonly call: "release"; readonly graph: number }
  | ({ readonly call: "setState"; readonly tensors: Tensors } & Scoped)
  | ({ readonly call: "setZeros"; readonly shapes: Readonly<Record<string, readonly number[]>> } & Scoped)
  | ({ readonly call: "getState"; readonly names: readonly string[] } & Scoped)
  | ({ readonly call: "gradientMemory"; readonly names: readonly string[] } & Scoped)
  /** Closes a scope; 0 ends the worker. */
  | ({ readonly call: "close" } & Scoped);

/** A step whose graph is told by its number. */
export interface NumberedStep extends Omit<PlanStep, "graph"> {
  readonly graph: number;
}

export interface Results {
  open: ExecutorFacts;
  scope: null;
  load: number;
  run: Tensors;
  runPlan: readonly Tensors[];
  release: null;
  setState: null;
  setZeros: null;
  getState: Tensors;
  gradientMemory: readonly FloatMemory[] | null;
  close: null;
}

export type Reply =
  | { readonly id: number; readonly result: Results[keyof Results] }
  | { readonly id: number; readonly error: string; readonly forUser: boolean };
