import { availableParallelism } from "node:os";
import { type InferenceSession, listSupportedBackends } from "onnxruntime-node";
import { userError } from "../errors.js";
import type { DeviceName } from "../training/executor.js";

type Device = Exclude<DeviceName, "auto">;

/** Devices that this build of ONNX Runtime was made for; whether one is really there shows when a session is made. */
export function builtDevices(): readonly Device[] {
  const names = listSupportedBackends().map((backend) => backend.name);
  return (["cuda", "webgpu", "cpu"] as const).filter((device) => names.includes(device));
}

/**
 * Resolves `auto` and refuses a device that this build does not know.
 * `auto` takes CUDA where it works, else the CPU; WebGPU is taken only when asked for.
 */
export function candidateDevices(wanted: DeviceName): readonly Device[] {
  const built = builtDevices();
  if (wanted === "auto") return built.includes("cuda") ? ["cuda", "cpu"] : ["cpu"];
  if (!built.includes(wanted)) {
    throw userError({
      where: "--device",
      what: `${wanted} is not in this build of ONNX Runtime`,
      expected: `one of auto, ${built.join(", ")}`,
    });
  }
  return [wanted];
}

/** Physical work is done by at most this many threads unless the user says otherwise. */
export function defaultThreads(): number {
  return availableParallelism();
}

/** ONNX Runtime's session options for a device. */
export function sessionOptions(device: Device, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
  };
}
