/**
 * The backbone that a finished folder names. A Hugging Face id means the same everywhere; a folder's relative path was
 * meant from where the training ran, and is no id that may be looked up on the hub.
 * @module
 */

import { setting, userError } from "../errors.js";
import { stat } from "../host/files.js";
import { dirname, isAbsolute, resolve } from "../host/paths.js";
import { shown } from "../phrases.js";
import { isCached } from "../weights/hub.js";
import { parseModelId } from "../weights/hub-cache.js";
import { modelContent } from "../weights/hub-content.js";

/** What a folder records of its backbone. */
interface NamedBackbone {
  /** As the user named it; see {@link recordedName}. */
  readonly name: string | null;
  /** Of its weights; null where it is not known. */
  readonly hash: string | null;
}

/** A backbone's name as a folder records it: of a folder in the working directory with `./`, so that it is no id. */
export const recordedName = ({ name, folder }: { readonly name: string; readonly folder: string }): string =>
  name === folder && parseModelId(name) !== undefined ? `./${name}` : name;

/**
 * The backbone to open for a finished adapter, model or head: the given one, else the one that its folder names. A named
 * folder is looked for from the working directory, and from the folders above the finished one where the hash of the
 * weights tells whether it is the right one. A folder from elsewhere never decides what is downloaded, or which host is
 * asked for a file: only what is here already is taken without being named by the user.
 *
 * @param folder where the name stands
 * @param what what the folder holds, for messages
 * @throws UserError where none is named, or the named one is not here
 */
export async function namedBackbone(
  folder: string,
  what: string,
  { name, hash }: NamedBackbone,
  given?: string,
): Promise<string> {
  if (given !== undefined) return given;
  if (name === null) {
    const missing = `the ${what} does not name its backbone`;
    throw userError({ where: folder, what: missing, fix: `give it with ${setting("backbone")}` });
  }
  if (hostShare.test(name)) throw notTaken(folder, what, `${shown(name)}, a folder of another machine`);
  if (await isThere(name)) return name;
  if (!namesFolder(name)) {
    if (await isCached(name, modelContent)) return name;
    throw notTaken(folder, what, `${name}, which is not in the cache of models`, `: it is then downloaded`);
  }
  const above = isAbsolute(name) || hash === null ? [] : upwards(resolve(folder));
  for (const place of above) if (await isThere(resolve(place, name))) return resolve(place, name);
  const places = [resolve("."), ...(above.length > 0 ? [`the folders from ${above[0]} upwards`] : [])];
  const looked = isAbsolute(name) ? "" : ` (looked for in ${places.join(" and ")})`;
  throw userError({
    where: folder,
    what: `the ${what} names the folder ${name.replace(/^\.\//, "")}, which is not here${looked}`,
    fix: `give ${setting("backbone")}`,
  });
}

/** `\\\\host\\share`: to look there would send the user's credentials to that host. */
const hostShare = /^[\\/]{2}/;

const notTaken = (folder: string, what: string, named: string, then = "") =>
  userError({
    where: folder,
    what: `the ${what} names ${named}`,
    fix: `give ${setting("backbone")} if you trust who made it${then}`,
  });

/** Pages of the hub, which are nobody's names: `models/own` of an older folder is no id, either. */
const pages = /^(models|datasets|spaces)\//;

const namesFolder = (name: string): boolean => parseModelId(name) === undefined || pages.test(name);

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

/** A folder, and all above it. */
function upwards(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upwards(parent)];
}
