import { userError } from "../errors.js";
import type { Executor } from "./executor.js";

/** What whoever asks a closed engine for something is told. */
export const closedEngine = () => userError({ what: "the engine is closed", fix: "open another one" });

/**
 * To be called before files are read for an engine.
 *
 * @throws UserError where the engine is closed
 */
export function requireOpen({ closed }: Pick<Executor, "closed">): void {
  if (closed) throw closedEngine();
}

/** Opens something beside what is open already, which is closed where that fails. */
export async function openedBeside<R>(
  others: readonly { close(): Promise<void> }[],
  open: () => Promise<R>,
): Promise<R> {
  try {
    return await open();
  } catch (error) {
    for (const one of others) await one.close();
    throw error;
  }
}

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
  return openedBeside([scope], () => open(scope));
}
