/** Errors that all ranks throw at the same place: the first one tells them, and no rank need end the others. */
const thrownTogether = new WeakSet<Error>();

/** Marks an error that every rank throws here, because all know the same. */
export function onAllRanks<E extends Error>(error: E): E {
  thrownTogether.add(error);
  return error;
}

export const isOnAllRanks = (error: unknown): boolean => error instanceof Error && thrownTogether.has(error);
