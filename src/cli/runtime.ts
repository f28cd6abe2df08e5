import type { Executor } from "../engine/executor.js";
import { workerExecutor } from "../runtime/worker-executor.js";
import type { Settings } from "../settings/setting.js";
import type { runtimeSettings } from "../settings/shared.js";

export type RuntimeSettings = Settings<typeof runtimeSettings>;

/** Opens the engine that a command's settings ask for, and closes it when it was used. */
export async function withEngine<Result>(
  { device, threads }: RuntimeSettings,
  use: (executor: Executor) => Promise<Result>,
): Promise<Result> {
  const executor = await workerExecutor({ device, ...(threads === undefined ? {} : { threads }) });
  try {
    return await use(executor);
  } finally {
    await executor.close();
  }
}
