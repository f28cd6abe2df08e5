/**
 * One process at a time writes into a folder.
 *
 * A process of this machine is asked for directly. One of another machine cannot be, and a job that lost its machine goes on
 * elsewhere: so whoever holds a lock renews it, and one that is watched for a while and not renewed is dead. No two
 * machines' clocks are compared.
 * @module
 */
import { z } from "zod";
import { codeOf, userError } from "../errors.js";
import { link, open, rename, rm, utimes, writeFile } from "../host/files.js";
import { randomBytes } from "../host/hashing.js";
import { beganOf, every, hostname, isRunning, processId, sleep } from "../host/machine.js";
import { join } from "../host/paths.js";
import { fileError } from "./atomic.js";
import { fileBytes } from "./bounds.js";
import { lockFile, temporaryBeside } from "./leftovers.js";
import { readTextIfThere } from "./text.js";

const holderSchema = z.object({
  pid: z.number().int().positive(),
  host: z.string().max(255),
  /** When the process began, where the system tells: a number may be given to another process later. */
  began: z.string().max(64).nullable(),
});
type Holder = z.output<typeof holderSchema>;

/** A folder that no other process writes into until it is closed. */
export interface FolderLock {
  close(): Promise<void>;
}

/** Times in milliseconds. */
export interface LockTimes {
  /** Between renewals. */
  readonly renew: number;
  /** How long another machine's lock is watched; several renewals, as a process may be held up and a disk slow. */
  readonly watch: number;
}

const usualTimes: LockTimes = { renew: 10_000, watch: 60_000 };

/**
 * Locks a folder for this process. A lock that a dead process left is taken over; whether one of another machine is dead
 * takes a minute to tell.
 *
 * @throws UserError where another process holds it
 */
export async function lockFolder(folder: string, { renew, watch }: LockTimes = usualTimes): Promise<FolderLock> {
  const path = join(folder, lockFile);
  const mark = randomBytes(8).toString("hex");
  const own = `${JSON.stringify({ pid: processId, host: hostname(), began: beganOf(processId), mark })}\n`;
  while (!(await wrote(path, own))) await takeAway(path, folder, watch);
  const stopRenewing = every(renew, () => void renewed(path));
  return {
    close: async () => {
      stopRenewing();
      if ((await contentOf(path)) !== own) return;
      await rm(path, { force: true }).catch((error: unknown) => {
        throw fileError(path, "remove the lock", error);
      });
    },
  };
}

/** Changes the lock's time. Where that fails nothing is lost: the next time may do. */
async function renewed(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** When a lock was renewed last, by its own file system; null where it is gone. */
async function renewalOf(path: string): Promise<number | null> {
  // Opened each time: network file systems then ask their server again.
  const file = await open(path, "r").catch(() => null);
  if (!file) return null;
  try {
    return (await file.stat()).mtimeMs;
  } finally {
    await file.close();
  }
}

/** Whether a lock is neither renewed nor replaced while it is watched. */
async function isSilent(path: string, content: string, watch: number): Promise<boolean> {
  const before = await renewalOf(path);
  const looks = 10;
  for (let look = 0; look < looks; look++) {
    await sleep(watch / looks);
    if ((await renewalOf(path)) !== before) return false;
  }
  return (await contentOf(path)) === content;
}

/** Writes the lock; false where there is one. It appears with all of its content, or not at all. */
async function wrote(path: string, content: string): Promise<boolean> {
  const whole = temporaryBeside(path);
  try {
    await writeNew(whole, content);
    await link(whole, path).catch((error: unknown) => {
      // File systems without hard links, such as FAT.
      if (codeOf(error) === "EPERM" || codeOf(error) === "ENOTSUP") return writeNew(path, content);
      throw error;
    });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw fileError(path, "write the lock", error);
  } finally {
    await rm(whole, { force: true }).catch(() => undefined);
  }
}

const writeNew = (path: string, content: string) => writeFile(path, content, { flag: "wx" });

/** Removes a lock whose process is dead. */
async function takeAway(path: string, folder: string, watch: number): Promise<void> {
  const content = await contentOf(path);
  if (content === null) return;
  const holder = holderOf(content);
  if (holder === null) throw held(path, folder, holder);
  if (holder.host === hostname() ? lives(holder) : !(await isSilent(path, content, watch))) {
    // Whoever held it may have ended meanwhile.
    if ((await contentOf(path)) === null) return;
    throw held(path, folder, holder);
  }
  // Two may see the same dead lock. Only what was seen is removed: a living lock that was moved by mistake goes back.
  const aside = temporaryBeside(path);
  await rename(path, aside).catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw fileError(path, "take over the lock", error);
  });
  if ((await contentOf(aside)) !== content) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function held(path: string, folder: string, holder: Holder | null): Error {
  const who =
    holder === null
      ? "an unknown process"
      : holder.host === hostname()
        ? holder.pid === processId
          ? "this process"
          : `the process ${holder.pid}`
        : `the process ${holder.pid} on ${JSON.stringify(holder.host)}`;
  return userError({
    where: folder,
    what: `${who} writes into this folder`,
    fix: `wait for it, or choose another folder${holder === null ? `; if it is dead, remove ${path}` : ""}`,
  });
}

/** Whether the process that wrote a lock on this machine is still there. */
function lives({ pid, began }: Holder): boolean {
  if (!isRunning(pid)) return false;
  const now = beganOf(pid);
  return began === null || now === null || began === now;
}

function holderOf(content: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(content));
  } catch {
    return null;
  }
}

const contentOf = (path: string) => readTextIfThere(path, { what: "the lock", mostBytes: fileBytes.lock });
