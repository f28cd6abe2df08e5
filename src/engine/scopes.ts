import type { Executor } from "./executor.js";

/** Uses a scope of an executor, which is closed in the end whatever happens. */
export async function inScope<R>(executor: Executor, use: (scope: Executor) => Promise<R>): Promise<R> {
  const scope = executor.scope();
  try {
    return await use(scope);
  } finally {
    await scope.close();
  }
}

/** Opens something in a scope of its own: the scope stays open with it, and is closed where the opening fails. */
export async function openedInScope<R>(executor: Executor, open: (scope: Executor) => Promise<R>): Promise<R> {
  const scope = executor.scope();
  try {
    return await open(scope);
  } catch (error) {
    await scope.close();
    throw error;
  }
}
