import { packageFolder, workingFolder } from "../host/machine.js";
import { isAbsolute, join, relative } from "../host/paths.js";

/** A file or folder that comes with the package: below the working directory as a short path, else as an absolute one. */
export function packagePath(...names: readonly string[]): string {
  const path = join(packageFolder(), ...names);
  const short = relative(workingFolder(), path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}
