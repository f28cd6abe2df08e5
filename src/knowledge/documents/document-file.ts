/**
 * Files of documents: which there are, what they hold, and what each is called.
 * @module
 */

import { beginning } from "../../data/records.js";
import { isZip } from "../../data/zip.js";
import { userError } from "../../errors.js";
import { fileError } from "../../files/atomic.js";
import { documentBounds } from "../../files/bounds.js";
import { isFolder } from "../../files/folder.js";
import { readdir, stat } from "../../host/files.js";
import { basename, join, sep } from "../../host/paths.js";

/** Formats of documents, recognised by content. */
export type DocumentFormat = "text" | "records" | "parquet" | "wikipedia" | "zip";

/** A file of documents. */
export interface DocumentFile {
  readonly path: string;
  /** The end of its path that no other file of the run has; the documents' ids begin with it. */
  readonly name: string;
  readonly format: DocumentFormat;
  /** As it lies on the disk. */
  readonly bytes: number;
  /** Whether a folder was given, and this is one of its files. */
  readonly inFolder: boolean;
}

/** What is read of a folder; a name without an ending is as WikiExtractor has it. */
const usualName = /^[^.]+$|\.(txt|jsonl?|ndjson|parquet|xml|zip)(\.gz)?$/i;

/**
 * The files that are given, and those of folders that are given, in order of their names.
 *
 * @throws UserError where one is not there, holds something else, or a folder holds none
 */
export async function documentFiles(paths: readonly string[]): Promise<readonly DocumentFile[]> {
  const found: Pick<DocumentFile, "path" | "inFolder">[] = [];
  for (const path of paths) {
    if (!(await isFolder(path))) found.push({ path, inFolder: false });
    else for (const file of await filesBelow(path)) found.push({ path: file, inFolder: true });
    if (found.length > documentBounds.files)
      throw userError({ where: path, what: `there are more than ${documentBounds.files} files` });
  }
  const names = shortNames(found.map(({ path }) => path));
  const files: DocumentFile[] = [];
  for (const [i, file] of found.entries()) {
    const { size } = await stat(file.path);
    files.push({ ...file, name: names[i] ?? file.path, format: await formatOf(file.path), bytes: size });
  }
  return files;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  const gather = async (path: string) => {
    const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
      throw fileError(path, "read the folder", error);
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const below = join(path, entry.name);
      if (entry.name.startsWith(".") || files.length > documentBounds.files) continue;
      // A link to a folder may lead in a circle; one to a file is how Hugging Face's cache has its files.
      if (entry.isDirectory()) await gather(below);
      else if (usualName.test(entry.name) && (await stat(below).catch(() => null))?.isFile()) files.push(below);
    }
  };
  await gather(folder);
  if (files.length > 0) return files;
  throw userError({
    where: folder,
    what: "the folder holds no documents",
    expected: "files that end with .txt, .jsonl, .json, .parquet, .xml or .zip, or these with .gz",
  });
}

/** For each path its shortest end of whole names that no other path has; a path that is given twice keeps all of it. */
function shortNames(paths: readonly string[]): readonly string[] {
  const parts = paths.map((path) => path.split(sep).filter((part) => part !== "" && part !== "."));
  const names = parts.map((all) => all.at(-1) ?? "");
  for (let depth = 2; ; depth++) {
    const counts = new Map<string, number>();
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    let longer = false;
    for (const [i, all] of parts.entries()) {
      if ((counts.get(names[i] ?? "") ?? 0) < 2 || all.length < depth) continue;
      names[i] = all.slice(-depth).join("/");
      longer = true;
    }
    if (!longer) return names;
  }
}

const packed: readonly (readonly [head: RegExp, name: string])[] = [
  [/^BZh\d/, "bzip2"],
  [/^\(\ufffd\/\ufffd/, "zstd"],
  [/^\ufffd7zXZ/, "xz"],
];

/** What a file holds, by its first bytes. */
export async function formatOf(path: string): Promise<DocumentFormat> {
  return formatOfHead(await beginning(path), path);
}

/** {@link formatOf}, of what was read ahead. */
export function formatOfHead(head: string, where: string): DocumentFormat {
  if (head.startsWith("PAR1")) return "parquet";
  if (isZip(head)) return "zip";
  const other = packed.find(([start]) => start.test(head));
  if (other) {
    throw userError({
      where,
      what: `it is packed with ${other[1]}`,
      expected: "gzip, zip, or a file that is not packed",
      fix: "unpack it, and pack it again with gzip if there is no room",
    });
  }
  if (/^<(\?xml[^>]*>\s*<)?mediawiki\b/.test(head)) return "wikipedia";
  if (/^(\{\s*["}]|\[\s*\{)/.test(head)) return "records";
  if (head === "") throw unknown(where, "the file is empty");
  if (head.startsWith("<?xml") || /^<(!doctype )?html/i.test(head)) throw unknown(where, "it is XML or HTML");
  if (head.startsWith("%PDF")) throw unknown(where, "it is PDF");
  if (head.includes("\0")) throw unknown(where, "it is not text");
  return "text";
}

const unknown = (where: string, what: string): Error =>
  userError({
    where,
    what,
    expected: "plain text, JSON Lines with a field text, Parquet with a column text, or a dump of Wikipedia",
    fix: `check ${basename(where)}`,
  });
