import { isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A file or folder that comes with the package: below the working directory as a short path, else as an absolute one. */
export function packagePath(...names: readonly string[]): string {
  // Two folders below the package in both src and dist.
  const path = join(fileURLToPath(new URL("../../", import.meta.url)), ...names);
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}
