/**
 * What this process and its machine are called; see `files.ts`.
 * @module
 */
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export { homedir, hostname } from "node:os";

/** This process's number. */
export const processId = process.pid;

/** The environment's variables. */
export const environment = (): NodeJS.ProcessEnv => process.env;

/** What relative paths begin at. */
export const workingFolder = (): string => process.cwd();

/** The folder of the package: how far above this file it is differs between sources, build and compiled benchmarks. */
export const packageFolder = (): string => folderOfPackage(dirname(fileURLToPath(import.meta.url)));

/** The next folder with a package.json. */
function folderOfPackage(from: string): string {
  if (existsSync(join(from, "package.json")) || dirname(from) === from) return from;
  return folderOfPackage(dirname(from));
}

/** Within which numbers of processes mean something, such as a container; nothing where the system does not tell. */
export function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

/** Whether a process of this number is there, whoever it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but is there.
    return (error as { readonly code?: unknown }).code === "EPERM";
  }
}

/** When a process began, in the system's own clock ticks since it was started; null where the system does not tell. */
export function beganOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces; the 22nd field is the 20th behind it.
    const ticks = status.slice(status.lastIndexOf(")") + 2).split(" ")[19];
    return ticks === undefined ? null : `${boot.slice(0, 8)}-${ticks}`;
  } catch {
    return null;
  }
}

/** Waits, or throws the signal's reason. */
export const sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  setTimeout(milliseconds, undefined, signal ? { signal } : {});

/** Lets whatever waits on this thread have its turn. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Acts again and again until it is told to stop; the process does not stay for it. */
export function every(milliseconds: number, act: () => void): () => void {
  const timer = setInterval(act, milliseconds).unref();
  return () => clearInterval(timer);
}
