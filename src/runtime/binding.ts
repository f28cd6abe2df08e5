import type { Executor, GraphSource } from "../engine/executor.js";
import type { HostTensor, TensorType } from "../tensor.js";

/** A loaded model. `V` is a binding's own form of a tensor. */
export interface BoundSession<V> {
  readonly inputNames: readonly string[];
  /** Prepares for runs that will need about this much memory. */
  expect?(bytes: number): void;
  /**
   * Runs the model on this thread.
   *
   * @param outputs the values to write into ({@link Binding.writesInPlace}), or null for a new one, which is the caller's
   * to release
   * @throws Error with ONNX Runtime's message; the given outputs may then hold anything
   */
  run(inputs: ReadonlyMap<string, V>, outputs: ReadonlyMap<string, V | null>): Promise<ReadonlyMap<string, V>>;
  close(): Promise<void>;
}

/** One way of calling ONNX Runtime. */
export interface Binding<V> {
  /**
   * Whether a run writes into the values that it is given as outputs. If not, a slot is replaced by a value that the run
   * has made, which stays where it was made: on a GPU, if the binding can leave it there.
   */
  readonly writesInPlace: boolean;
  open(source: GraphSource, device: Executor["device"], threads: number): Promise<BoundSession<V>>;
  /** A value over the tensor's own memory: writing to one shows in the other. */
  wrap(tensor: HostTensor): V;
  /** A value that stays between runs, where graphs run; the tensor's memory may become its own. */
  keep(tensor: HostTensor): V | Promise<V>;
  /** Values of zeros that stay between runs, in memory of their own. */
  zeros(types: readonly TensorType[]): readonly V[] | Promise<readonly V[]>;
  /** The tensor that was wrapped, or a copy of what a run has made or keeps elsewhere. */
  unwrap(value: V): HostTensor | Promise<HostTensor>;
  release(value: V): void;
  /** Is told of memory that is not touched yet, in which values of {@link wrap} will lie. */
  prepare?(memory: Uint8Array<ArrayBuffer>): void;
  /** Where memory lies in this process, for libraries that work on it; absent where nothing of the kind can be loaded. */
  addressOf?(memory: Uint8Array<ArrayBuffer>): bigint;
  /** Lets go of what the binding itself has opened; all its values were released before. */
  close?(): Promise<void>;
}
