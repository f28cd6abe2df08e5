import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../errors.js";

/** The file that says which process writes into a folder. It lies in the folder while the process does. */
export const lockFile = "kadapter.lock";

/** A temporary name, see `temporaryBeside`. */
const temporaryName = /\.(\d+)\.[0-9a-f]{8}\.tmp$/;

/** A file that was written to within this time may belong to a process of another machine. */
const inUseMilliseconds = 10 * 60 * 1000;

/**
 * Removes temporary files and folders that killed processes left in a folder.
 *
 * @param alone whether no other process writes there; otherwise only what is old, and whose process is gone, is removed
 */
export async function removeLeftovers(folder: string, alone: boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = Number(temporaryName.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid)) continue;
    const path = join(folder, name);
    // Who waits for the lock writes its own, whoever holds it.
    const isSafe = alone && !name.startsWith(lockFile);
    if (isSafe || (await isAbandoned(path, pid))) await rm(path, { recursive: true, force: true });
  }
}

async function isAbandoned(path: string, pid: number): Promise<boolean> {
  const written = (await stat(path).catch(() => null))?.mtimeMs ?? Number.POSITIVE_INFINITY;
  return Date.now() - written > inUseMilliseconds && !isRunning(pid);
}

/** Whether a process of this number is there, whoever it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but is there.
    return codeOf(error) === "EPERM";
  }
}
