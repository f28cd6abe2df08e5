import { existsSync } from "node:fs";
import { join } from "node:path";
import { setting, userError } from "../errors.js";
import { packagePath } from "../files/package-path.js";

/**
 * The folder of the language model that comes with the package, a small RoBERTa: below the working directory as a short
 * path, else as an absolute one.
 *
 * @throws UserError where the package lacks it
 * @example
 * const base = await openBackbone(ownModel());
 */
export function ownModel(): string {
  const folder = packagePath("models", "own");
  if (existsSync(join(folder, "config.json"))) return folder;
  throw userError({
    where: folder,
    what: "the package's own model is not there",
    fix: `name another with ${setting("backbone")}`,
  });
}
