/**
 * What training needs of a runtime: run graphs, and keep tensors that change from step to step where the graphs run.
 * `src/runtime` implements it, on this thread and in a worker thread.
 * @module
 */
import type { HostTensor } from "../tensor.js";

export type DeviceName = "auto" | "cpu" | "cuda" | "webgpu";

export type Tensors = Readonly<Record<string, HostTensor>>;

/** What an executor says of itself. */
export type ExecutorFacts = Pick<Executor, "device" | "bindingName" | "int8WeightBits" | "updatesInPlace">;

/** Slots of one parameter; `shape` is that of each. */
export interface LearningSlots {
  readonly value: string;
  readonly firstMoment: string;
  readonly secondMoment: string;
  readonly gradient: string;
  readonly shape: readonly number[];
}

/** Elements of the largest parameter that can be updated in place: kernels reach 4 GiB. */
export const mostInPlace = 2 ** 28 - 2 ** 12;

/** Names under which an update's rates are fed, float32 `[]` each. */
export const rateNames = { learningRate: "learning_rate", stepSize: "step_size" } as const;

/** Parameters that are updated alike. */
export interface AdamWGroup {
  readonly parameters: readonly LearningSlots[];
  /** Name of the graph's output that multiplies the gradients; null multiplies by 1. */
  readonly factor: string | null;
  /** Multiplies both rates. */
  readonly rateScale: number;
  readonly weightDecay: number;
}

/**
 * AdamW on state slots after each run of a graph, to the same bits as its operators (`adamWUpdate`), in one pass over
 * memory. The scalars {@link rateNames} are fed with the run.
 */
export interface InPlaceAdamW {
  readonly beta1: number;
  readonly beta2: number;
  /** Added to the root of the second moment, at the moment's scale. */
  readonly epsilon: number;
  readonly groups: readonly AdamWGroup[];
}

/** A graph to be loaded. */
export interface GraphSource {
  /** ONNX bytes. */
  readonly model: Uint8Array;
  /** Files (paths, or contents) that hold the graph's external tensors, by the location that the model gives them. */
  readonly externalFiles?: Readonly<Record<string, string | Uint8Array>>;
  /**
   * State that a run replaces: output name → slot name. Inputs that carry a slot's name are bound to that slot.
   */
  readonly updates?: Readonly<Record<string, string>>;
  /**
   * Updates that an executor does after the run, where it {@link Executor.updatesInPlace}. The gradients' slots need not
   * exist before.
   */
  readonly adamW?: InPlaceAdamW;
  /** The run writes only the gradients of {@link adamW}, where they lie; another graph applies them. */
  readonly gradientsOnly?: boolean;
}

/** Float32 numbers in the memory of this process, which every thread of it may read and write. */
export interface FloatMemory {
  /** Of the first number. */
  readonly address: bigint;
  /** How many. */
  readonly floats: number;
}

/** A graph that is ready to run. */
export interface LoadedGraph {
  /**
   * Runs the graph once. Inputs that are not fed come from the state; state outputs replace their slots when, and only
   * when, the whole run has succeeded; after a failure only gradients of {@link GraphSource.adamW} are undefined.
   *
   * @param feeds inputs by name; their buffers may be moved to another thread, so do not use them afterwards
   * @param fetch names of the outputs to return; state outputs are never returned
   */
  run(feeds: Tensors, fetch: readonly string[]): Promise<Tensors>;
  close(): Promise<void>;
}

/** An output of an earlier step of a plan. */
export interface PlanInput {
  /** Index of the step. */
  readonly step: number;
  readonly output: string;
  /** Indices into the first axis, in the order in which they are fed; all of it where they are left out. */
  readonly rows?: readonly number[];
}

/** One graph of a plan. */
export interface PlanStep {
  /** It changes no state. */
  readonly graph: LoadedGraph;
  /** Inputs by name; several steps may be fed the same tensor. */
  readonly feeds: Tensors;
  /** Inputs that are outputs of steps before this one. */
  readonly from?: Readonly<Record<string, PlanInput>>;
  /** Names of the outputs to return; what only other steps read stays where the graphs run. */
  readonly fetch: readonly string[];
}

/** Runs graphs one after another, and holds the state that they change. */
export interface Executor extends AsyncDisposable {
  /** The device that was chosen. */
  readonly device: Exclude<DeviceName, "auto">;
  /**
   * How ONNX Runtime is called: `c` through its C interface, which copies no output; `node` through its npm
   * package; `web` through onnxruntime-web, in a browser.
   */
  readonly bindingName: "c" | "node" | "web";
  /** Bits that int8 weights may take here: 7 where the processor's 8-bit products could overflow their 16-bit sums. */
  readonly int8WeightBits: 7 | 8;
  /** Whether it does AdamW itself, see `GraphSource.adamW` of `kadapter/engine`. */
  readonly updatesInPlace: boolean;
  /** Whether it was closed, or what it was opened from; it then refuses whatever is asked of it. */
  readonly closed: boolean;
  /**
   * Makes a graph ready to run.
   *
   * @throws where ONNX Runtime refuses it
   */
  load(source: GraphSource): Promise<LoadedGraph>;
  /**
   * Runs several graphs of this engine, of any of its scopes, one after another in one call. Each reads the state of its
   * own scope. The buffers that are fed may be moved.
   *
   * @returns what each step fetched
   * @throws Error where a graph was closed, is another engine's, or changes state; where a step reads one that does not
   * come before it, or rows that are not there
   */
  runPlan(steps: readonly PlanStep[]): Promise<readonly Tensors[]>;
  /** Creates or replaces state slots; the buffers may be moved. */
  setState(tensors: Tensors): Promise<void>;
  /** Creates or replaces float32 state slots, all zeros, where the graphs run; shapes by name. */
  setZeros(shapes: Readonly<Record<string, readonly number[]>>): Promise<void>;
  /** Copies of state slots. */
  getState(names: readonly string[]): Promise<Tensors>;
  /**
   * Where the gradients lie that this engine updates in place, for whoever changes them between two runs: in few pieces, with numbers between the slots that are nobody's. It holds until a graph is closed or a slot is set.
   *
   * @param names all gradients of one update
   * @returns null where the host has no such memory: take copies then
   */
  gradientMemory(names: readonly string[]): Promise<readonly FloatMemory[] | null>;
  /**
   * The same engine for one more user: graphs loaded and slots set through a scope belong to it alone, whatever their
   * names. Closing the scope closes its graphs and frees its slots; closing the executor that it was opened from closes
   * it too.
   */
  scope(): Executor;
  /** Waits for what is under way and lets go of everything that was loaded or set here, and in scopes of this. */
  close(): Promise<void>;
}

export interface ExecutorOptions {
  readonly device?: DeviceName;
  /** Threads inside one operator; by default one for each core. */
  readonly threads?: number;
  /** `node` calls ONNX Runtime through its npm package even where its C interface could be called. */
  readonly binding?: "node";
}
