import { readdir, realpath } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { ServingError } from "./serving-error.js";

const isWithin = (root: string, path: string): boolean => {
  const way = relative(root, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};

/**
 * A folder below the one from which models may be loaded. Nothing in it leads out, by whatever way.
 *
 * @param named as the client names it, with `/`
 * @throws ServingError forbidden, or not-found
 */
export async function folderBelow(root: string, named: string): Promise<string> {
  const outside = new ServingError("forbidden", "only folders below the models' root may be loaded");
  if (named === "" || named.includes("\0") || named.includes("\\") || isAbsolute(named)) throw outside;
  if (named.split("/").some((part) => part === ".." || part === ".")) throw outside;
  const real = await realpath(root);
  const folder = await realpath(resolve(real, named)).catch(() => {
    throw new ServingError("not-found", "there is no such folder below the models' root");
  });
  if (!isWithin(real, folder)) throw outside;
  const names = await readdir(folder).catch(() => {
    throw new ServingError("not-found", "it is no folder");
  });
  for (const name of names) {
    const path = await realpath(join(folder, name)).catch(() => null);
    if (path === null || !isWithin(real, path)) throw outside;
  }
  return folder;
}
