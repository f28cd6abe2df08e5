/**
 * Wordings of relations that many tables have, so that such facts can be taught with none at hand. Facts answer in other
 * words only if they are taught in several. They stand in the package's folder `wordings`, a YAML file for each domain:
 * `P19|place of birth|birthplace`, Wikidata's property and names that tables use, with a list of patterns.
 * @module
 */

import { fileError } from "../files/atomic.js";
import { packagePath } from "../files/package-path.js";
import { readdir } from "../host/files.js";
import { join } from "../host/paths.js";
import { readWordings, type Wordings } from "./wordings.js";

/** As it is compared: without case, and with spaces between its words. */
const nameOf = (relation: string) =>
  relation
    .replace(/(?<=\p{Ll})(?=\p{Lu})/gu, " ")
    .replace(/[_\-\s]+/g, " ")
    .trim()
    .toLowerCase();

/** Reads the package's own wordings, each relation under all its names as the files have them (`P19|place of birth`). */
export async function readCommonWordings(): Promise<Wordings> {
  const folder = packagePath("wordings");
  const files = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, "read the package's own wordings", error);
  });
  const parts = await Promise.all(
    files.filter((file) => file.endsWith(".yaml")).map((file) => readWordings(join(folder, file))),
  );
  return new Map(parts.flatMap((part) => [...part]));
}

const readByName = async (): Promise<Wordings> =>
  new Map(
    [...(await readCommonWordings())].flatMap(([names, patterns]) =>
      names.split("|").map((name) => [nameOf(name), patterns] as const),
    ),
  );

let byName: Promise<Wordings> | undefined;

/**
 * The package's own wordings of a relation that is known by this name, five of them or more. The files are read when a
 * relation is first asked for.
 *
 * @param relation Wikidata's property (`P36`), or a name in any case, with spaces, hyphens, underscores or capitals
 * between its words
 * @returns undefined where none is known
 */
export async function commonWordings(relation: string): Promise<readonly string[] | undefined> {
  byName ??= readByName();
  return (await byName).get(nameOf(relation));
}
