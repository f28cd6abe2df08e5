import { existsSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { setting, userError } from "../errors.js";

/**
 * The folder of the language model that comes with the package, a small RoBERTa: below the working directory as a short
 * path, else as an absolute one.
 *
 * @throws UserError where the package lacks it
 * @example
 * const base = await openBackbone(ownModel());
 */
export function ownModel(): string {
  // Two folders below the package in both src and dist.
  const folder = fileURLToPath(new URL("../../models/own", import.meta.url));
  if (!existsSync(join(folder, "config.json"))) {
    throw userError({
      where: folder,
      what: "the package's own model is not there",
      fix: `name another with ${setting("backbone")}`,
    });
  }
  const short = relative(process.cwd(), folder);
  return short.startsWith("..") || isAbsolute(short) ? folder : short;
}
