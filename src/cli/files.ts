import { access, constants, rmdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { userError } from "../errors.js";
import { fileError, makeFolder } from "../files/atomic.js";

/** Refuses to replace a file or folder unless that was asked for. */
export async function refuseExisting(path: string, overwrite: boolean): Promise<void> {
  if (overwrite || (await stat(path).catch(() => null)) === null) return;
  throw userError({ where: path, what: "it is there already", fix: "choose another name, or give --overwrite" });
}

/**
 * Makes an output folder and runs what fills it. If that fails, folders that were made and are still empty go again.
 */
export async function withOutputFolder<T>(folder: string, fill: () => Promise<T>): Promise<T> {
  const first = await makeFolder(folder);
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw fileError(folder, "write into the folder", error);
  });
  try {
    return await fill();
  } catch (error) {
    if (first !== null) await removeEmpty(resolve(folder), resolve(first));
    throw error;
  }
}

/** Removes empty folders from `folder` up to `first`, the one that was made first. */
async function removeEmpty(folder: string, first: string): Promise<void> {
  const removed = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (removed && folder !== first) await removeEmpty(dirname(folder), first);
}
