import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A file or folder that comes with the package: below the working directory as a short path, else as an absolute one. */
export function packagePath(...names: readonly string[]): string {
  const path = join(packageFolder(dirname(fileURLToPath(import.meta.url))), ...names);
  const short = relative(process.cwd(), path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}

/** The next folder with a package.json: how far above it is differs between sources, build and compiled benchmarks. */
function packageFolder(from: string): string {
  if (existsSync(join(from, "package.json")) || dirname(from) === from) return from;
  return packageFolder(dirname(from));
}
