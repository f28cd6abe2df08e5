import type { Executor } from "../engine/executor.js";
import { workerExecutor } from "../runtime/worker-executor.js";
import { resolveSettings } from "../settings/setting.js";
import { runtimeSettings } from "../settings/shared.js";

/**
 * ONNX Runtime in a thread of its own. Any number of trainings and models share one; each keeps its state to itself.
 * `close` it when all of them are closed, or declare it with `await using`.
 */
export interface Engine extends Executor {}

/** Where an engine computes. */
export interface EngineOptions {
  /**
   * `auto` (the default): CUDA where it works, else the CPU. One that is asked for by name must work.
   */
  readonly device?: "auto" | "cpu" | "cuda" | "webgpu";
  /** Threads inside one operator; by default one for each core. Trained bits depend on it. */
  readonly threads?: number;
}

/**
 * Starts the engine.
 *
 * @throws UserError where an option is wrong, or a device that was asked for by name does not work
 * @example
 * await using engine = await openEngine({ threads: 2 });
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { device, threads } = resolveSettings(runtimeSettings, { ...options });
  return workerExecutor({ device, ...(threads === undefined ? {} : { threads }) });
}
