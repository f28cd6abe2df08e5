import { existsSync } from "node:fs";
import { resolve } from "node:path";

/**
 * A file or folder of what others have published (data, fixtures, models, tokenizers), which is no part of the package.
 *
 * @param names its path below the folder that the environment variable KADAPTER_DATA names
 * @returns its path, or "" where there is no such thing
 */
export function published(...names: readonly string[]): string {
  const root = process.env["KADAPTER_DATA"];
  if (!root) return "";
  const path = resolve(root, ...names);
  return existsSync(path) ? path : "";
}
