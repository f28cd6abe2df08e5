import type { Executor, ExecutorOptions } from "../engine/executor.js";
import { executorOn } from "./bound-executor.js";
import { candidateDevices, defaultThreads, int8WeightBits } from "./devices.js";

/**
 * Runs graphs on the calling thread, which is blocked while a graph runs: good for tests and inside a worker thread.
 */
export async function localExecutor(options: ExecutorOptions = {}): Promise<Executor> {
  const candidates = candidateDevices(options.device ?? "auto");
  const device = await firstWorkingDevice(candidates);
  const threads = options.threads ?? defaultThreads();
  const direct = options.binding === "node" ? null : await directBinding(device);
  const facts = { device, int8WeightBits: int8WeightBits() };
  if (direct) return executorOn({ ...facts, bindingName: "c" }, threads, direct);
  const { nodeBinding } = await import("./node-binding.js");
  return executorOn({ ...facts, bindingName: "node" }, threads, nodeBinding);
}

/** The binding that copies no state, or null where there is none or foreign functions cannot be called. */
async function directBinding(device: Executor["device"]) {
  try {
    if (device === "webgpu") return null;
    if (device === "cuda") return new (await import("./cuda-binding.js")).CudaBinding();
    return new (await import("./c-binding.js")).CBinding();
  } catch {
    return null;
  }
}

/** `auto` falls back to the CPU when a GPU's libraries are missing; an explicit device is an error then. */
async function firstWorkingDevice(candidates: readonly Executor["device"][]): Promise<Executor["device"]> {
  const { probeDevice } = await import("./probe.js");
  let failure: unknown;
  for (const device of candidates) {
    if (device === "cpu") return device;
    try {
      await probeDevice(device);
      return device;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
