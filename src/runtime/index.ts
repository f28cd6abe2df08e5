/// <reference types="node" preserve="true" />
/**
 * Runs graphs with ONNX Runtime: the only module that knows it.
 *
 * @example
 * import { workerExecutor } from "kadapter/runtime";
 * const executor = await workerExecutor({ device: "cpu", threads: 2 });
 * @module kadapter/runtime
 */
export { defaultThreads, installedDevices, int8WeightBits } from "./devices.js";
export { localExecutor } from "./local.js";
export { probeDevice } from "./probe.js";
export { workerExecutor } from "./worker-executor.js";
