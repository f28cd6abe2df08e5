import { readdir, rename, rm, stat } from "../host/files.js";
import { createHash, randomBytes } from "../host/hashing.js";
import { hostname, isRunning, processId, processNamespace } from "../host/machine.js";
import { basename, dirname, join } from "../host/paths.js";

/** The file that says which process writes into a folder. It lies in the folder while the process does. */
export const lockFile = "kadapter.lock";

/** Where this process's number means something: its machine, and there its container. */
const here = createHash("sha256").update(`${hostname()}\n${processNamespace()}`).digest("hex").slice(0, 8);

/** A name for what becomes `path` when it is whole; it tells which process of which machine writes it. */
export const temporaryBeside = (path: string): string =>
  `${path}.${processId}.${here}${randomBytes(4).toString("hex")}.tmp`;

/** A name of {@link temporaryBeside}; those of earlier versions do not tell the machine. */
const temporaryName = /\.(\d+)\.([0-9a-f]{8})?[0-9a-f]{8}\.tmp$/;

/** A file that was written to within this time may belong to a process of another machine. */
const inUseMilliseconds = 10 * 60 * 1000;

/** Whether something was used so recently that it may still be. A time to come is a clock's mistake, and long ago. */
export const mayBeInUse = (milliseconds: number, now: number = Date.now()): boolean =>
  Math.abs(now - milliseconds) <= inUseMilliseconds;

/**
 * Removes temporary files and folders that killed processes left in a folder.
 *
 * @param alone whether no other process writes there; otherwise only what a process left that is gone for certain
 */
export async function removeLeftovers(folder: string, alone: boolean): Promise<void> {
  // Who waits for the lock writes its own, whoever holds it.
  await removeTemporaries(folder, (name) => alone && !name.startsWith(lockFile));
}

/** Removes temporary files that killed processes left of one file. */
export async function removeLeftoversOf(path: string): Promise<void> {
  await removeTemporaries(dirname(path), () => false, basename(path));
}

/**
 * Takes over what a killed process had written of a file: it gets a new name, if it can.
 *
 * @returns whether there was something
 */
export async function adoptLeftoverOf(path: string, to: string): Promise<boolean> {
  for await (const left of abandoned(dirname(path), () => false, basename(path))) {
    const adopted = await rename(left, to).then(
      () => true,
      () => false, // another process was faster
    );
    if (adopted) return true;
  }
  return false;
}

async function removeTemporaries(folder: string, isSafe: (name: string) => boolean, of?: string): Promise<void> {
  for await (const path of abandoned(folder, isSafe, of)) {
    // What cannot be removed is in nobody's way.
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Temporary files and folders that no process writes any more, of one name or of all. */
async function* abandoned(folder: string, isSafe: (name: string) => boolean, of?: string): AsyncGenerator<string> {
  for (const name of await readdir(folder).catch(() => [])) {
    const found = temporaryName.exec(name);
    if (found === null || (of !== undefined && name.slice(0, found.index) !== of)) continue;
    const [, pid, machine] = found;
    const path = join(folder, name);
    if (isSafe(name) || (await isAbandoned(path, Number(pid), machine))) yield path;
  }
}

async function isAbandoned(path: string, pid: number, machine: string | undefined): Promise<boolean> {
  if (isRunning(pid)) return false;
  if (machine === here) return true;
  const written = (await stat(path).catch(() => null))?.mtimeMs;
  return written !== undefined && !mayBeInUse(written);
}
