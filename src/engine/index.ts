/// <reference types="node" preserve="true" />
/**
 * What trainings and models need of an engine: graphs that are loaded and run, state that it keeps, and what happens.
 * `kadapter/runtime` implements it with ONNX Runtime.
 * @module kadapter/engine
 */
export type { DoneEvent, Metrics, TrainEvent } from "./events.js";
export type {
  DeviceName,
  Executor,
  ExecutorFacts,
  ExecutorOptions,
  FloatMemory,
  GraphSource,
  LoadedGraph,
  Tensors,
} from "./executor.js";
export { inferencePass } from "./inference-pass.js";
