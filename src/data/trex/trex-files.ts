/**
 * The files of T-REx as it was published: a zip archive or a folder of `re-nlg_*.json`, or one of these files.
 * @module
 */

import { userError } from "../../errors.js";
import { fileError } from "../../files/atomic.js";
import { isFolder } from "../../files/folder.js";
import { readdir } from "../../host/files.js";
import { join } from "../../host/paths.js";
import { type DataFile, fileName } from "../bytes.js";
import { beginning } from "../records.js";
import { isZip } from "../zip.js";
import { zipMembers } from "../zip-members.js";

const isJson = (name: string) => /\.json(\.gz)?$/i.test(name);
const isPublished = (name: string) => /(^|[/!])re-nlg_[^/]*$/.test(name);

/** The files, in order of name in a folder and in their own order in an archive; each is read while this goes on. */
export async function* trexFiles(path: string): AsyncGenerator<DataFile> {
  if (!(await isFolder(path))) {
    yield* isZip(await beginning(path)) ? membersOf(path) : [path];
    return;
  }
  const names = await readdir(path).catch((error: unknown) => {
    throw fileError(path, "read the folder", error);
  });
  const found = names.filter((name) => isJson(name) || /\.zip$/i.test(name)).sort();
  const published = found.filter(isPublished);
  const chosen = published.length > 0 ? published : found;
  if (chosen.length === 0) throw nothingIn(path, "no .json, .json.gz or .zip files in the folder");
  for (const name of chosen) yield* /\.zip$/i.test(name) ? membersOf(join(path, name)) : [join(path, name)];
}

async function* membersOf(path: string): AsyncGenerator<DataFile> {
  let any = false;
  for await (const member of zipMembers(path)) {
    if (!isJson(fileName(member))) continue;
    any = true;
    yield member;
  }
  if (!any) throw nothingIn(path, "no .json files in the archive");
}

const nothingIn = (where: string, what: string) => userError({ where, what, expected: "T-REx's re-nlg_*.json" });
