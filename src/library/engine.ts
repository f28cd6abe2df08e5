import type { Executor, ExecutorOptions } from "../engine/executor.js";
import { workerExecutor } from "../runtime/worker-executor.js";

/** ONNX Runtime in a thread of its own. Any number of trainings and models share one; each keeps its state to itself. */
export type Engine = Executor;

/**
 * Starts the engine.
 *
 * @param options `device`: `auto` (the default: CUDA where it works, else the CPU), `cpu`, `cuda` or `webgpu`;
 * `threads`: inside one operator, by default one for each core
 * @throws UserError where a device that was asked for by name does not work
 * @example
 * await using engine = await openEngine({ threads: 2 });
 */
export function openEngine(options: Pick<ExecutorOptions, "device" | "threads"> = {}): Promise<Engine> {
  return workerExecutor(options);
}
