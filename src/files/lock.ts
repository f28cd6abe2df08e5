/**
 * One process at a time writes into a folder.
 * @module
 */

import { z } from "zod";
import { codeOf, userError } from "../errors.js";
import { link, rename, rm, writeFile } from "../host/files.js";
import { randomBytes } from "../host/hashing.js";
import { beganOf, hostname, isRunning, processId } from "../host/machine.js";
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

/**
 * Locks a folder for this process. A lock that a dead process left is taken over.
 *
 * @throws UserError where another process of this machine holds it, or one of another machine, which may be dead or not
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, lockFile);
  const mark = randomBytes(8).toString("hex");
  const own = `${JSON.stringify({ pid: processId, host: hostname(), began: beganOf(processId), mark })}\n`;
  while (!(await wrote(path, own))) await takeAway(path, folder);
  return {
    close: async () => {
      if ((await contentOf(path)) !== own) return;
      await rm(path, { force: true }).catch((error: unknown) => {
        throw fileError(path, "remove the lock", error);
      });
    },
  };
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
async function takeAway(path: string, folder: string): Promise<void> {
  const content = await contentOf(path);
  if (content === null) return;
  const holder = holderOf(content);
  if (holder === null || holder.host !== hostname() || lives(holder)) throw held(path, folder, holder);
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
  const foreign = holder === null || holder.host !== hostname();
  return userError({
    where: folder,
    what: `${who} writes into this folder`,
    fix: `wait for it, or choose another folder${foreign ? `; if it is dead, remove ${path}` : ""}`,
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
