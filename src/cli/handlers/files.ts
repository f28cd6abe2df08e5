import { mkdir, rmdir, stat } from "node:fs/promises";
import { userError } from "../../errors.js";
import { fileError } from "../../files/atomic.js";

/** Refuses to replace a file or folder unless that was asked for. */
export async function refuseExisting(path: string, overwrite: boolean): Promise<void> {
  if (overwrite || (await stat(path).catch(() => null)) === null) return;
  throw userError({ where: path, what: "it is there already", fix: "choose another name, or give --overwrite" });
}

/**
 * Makes an output folder and runs what fills it. If that fails, folders that were made and are still empty go again.
 */
export async function withOutputFolder<T>(folder: string, fill: () => Promise<T>): Promise<T> {
  const first = await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw fileError(folder, "make the folder", error);
  });
  try {
    return await fill();
  } catch (error) {
    if (first !== undefined) await rmdir(folder).catch(() => undefined);
    throw error;
  }
}
