/**
 * What `src/host/machine.ts` gives: a tab is a machine of its own with one process, which began when it was opened.
 * @module
 */
export const processId = 1;
export const hostname = (): string => "browser";
export const homedir = (): string => "/home";
export const environment = (): Readonly<Record<string, string | undefined>> => ({});
export const workingFolder = (): string => "/";
/** Where files that come with the package are looked for, once somebody has put them there. */
export const packageFolder = (): string => "/package";
export const processNamespace = (): string => "";
export const isRunning = (pid: number): boolean => pid === processId;
export const beganOf = (_pid: number): null => null;

export const sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
    if (signal?.aborted) reject(signal.reason);
  });

export const nextTurn = (): Promise<void> => sleep(0);

export function every(milliseconds: number, act: () => void): () => void {
  const timer = setInterval(act, milliseconds);
  return () => clearInterval(timer);
}
