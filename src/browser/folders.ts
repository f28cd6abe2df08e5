/**
 * Folders of the tab: what the library reads and writes. They live as long as the page does.
 * @module
 */
import { zipSync } from "fflate";
import { userError } from "../errors.js";
import { makeFolder } from "../files/atomic.js";
import { checkpointFolder } from "../training/run.js";
import { fileAt, find, getFolder, TabFile, TabFolder } from "./host/file-tree.js";
import { rm } from "./host/files.js";
import { basename, dirname, join } from "./host/paths.js";

/** What a file holds: text, bytes, or a file that the user chose, which is read by parts. */
export type FileContent = string | Uint8Array | Blob;

/** Files of the user's, as `<input type="file">` and a drop give them. */
export interface ChosenFile extends Blob {
  /** Its name. */
  readonly name: string;
  /** Its path from the folder that was chosen, the folder's name first; empty where files were chosen one by one. */
  readonly webkitRelativePath?: string;
}

/** Files of a model's folder that are looked for where a page does not say which there are. */
const usualFiles = [
  ...["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"],
  ...["added_tokens.json", "vocab.json", "merges.txt", "vocab.txt"],
];

/** Most bytes of one file that is fetched: what a tab can hold of one buffer. */
const mostBytes = 2 ** 31 - 1;

/**
 * Writes a file, and the folders on its way.
 *
 * @throws UserError where a part of the path is a file
 */
export async function putFile(path: string, content: FileContent): Promise<void> {
  await makeFolder(dirname(path));
  fileAt(path).set(typeof content === "string" ? new TextEncoder().encode(content) : content);
}

/**
 * Puts files into a folder.
 *
 * @param files contents by their paths in it, or files that the user chose: those of a folder keep their paths below it
 * @example
 * await putFiles("mine", input.files);
 */
export async function putFiles(
  folder: string,
  files: Readonly<Record<string, FileContent>> | Iterable<ChosenFile>,
): Promise<void> {
  const list = Symbol.iterator in files ? chosen(files as Iterable<ChosenFile>) : Object.entries(files);
  for (const [name, content] of list) await putFile(within(folder, name), content);
}

const chosen = (files: Iterable<ChosenFile>): (readonly [string, Blob])[] =>
  [...files].map((file) => [file.webkitRelativePath?.replace(/^[^/]*\//, "") || file.name, file]);

/** @throws UserError where a name leads out of its folder */
function within(folder: string, name: string): string {
  if (name !== "" && !name.startsWith("/") && !name.split("/").includes("..")) return join(folder, name);
  throw userError({
    where: folder,
    what: `${JSON.stringify(name)} lies outside of the folder`,
    expected: "a file of it",
  });
}

/**
 * Fetches a folder from a server: a model's, or an adapter's.
 *
 * @param address what the files' names are added to; relative to the page
 * @param names the files; those of a model's folder that are there, if left out
 * @throws UserError where one that is named is not there, or the server does not answer
 * @example
 * await fetchFolder("own", "models/own");
 */
export async function fetchFolder(folder: string, address: string, names?: readonly string[]): Promise<void> {
  const found = await Promise.all(
    (names ?? usualFiles).map(
      async (name) => [name, await fetchFile(`${address.replace(/\/+$/, "")}/${name}`)] as const,
    ),
  );
  const missing = found.find(([name, content]) => content === null && (names ?? ["config.json"]).includes(name));
  if (missing) throw userError({ where: address, what: `the server has no ${missing[0]}`, fix: "check the address" });
  for (const [name, content] of found) if (content) await putFile(within(folder, name), content);
}

/** A file's content, or null where the server has none: one that answers every address with its page has none, either. */
async function fetchFile(address: string): Promise<Blob | null> {
  const response = await fetch(address).catch((error: unknown) => {
    throw userError({
      where: address,
      what: `it cannot be fetched (${String(error)})`,
      fix: "check address and network",
    });
  });
  if (!response.ok || response.headers.get("content-type")?.startsWith("text/html")) return null;
  if (Number(response.headers.get("content-length") ?? 0) <= mostBytes) return response.blob();
  throw userError({ where: address, what: "the file is too large", expected: `at most ${mostBytes} bytes` });
}

/** The files of a folder and of those below it, by their paths in it. */
export async function readFolder(folder: string): Promise<Readonly<Record<string, Uint8Array<ArrayBuffer>>>> {
  if (!(find(folder) instanceof TabFolder))
    throw userError({ where: folder, what: "there is no such folder in this tab" });
  const found: Record<string, Uint8Array<ArrayBuffer>> = {};
  for (const [name, file] of filesIn(getFolder(folder))) found[name] = await file.read(0, file.size);
  return found;
}

function* filesIn(folder: TabFolder, before = ""): Generator<readonly [string, TabFile]> {
  for (const [name, entry] of folder.entries) {
    if (entry instanceof TabFile) yield [before + name, entry];
    else yield* filesIn(entry, `${before}${name}/`);
  }
}

/** Removes a folder, or a file, if it is there. */
export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/**
 * A folder as a ZIP archive, to be downloaded. It unpacks into a folder of its name, which the command line takes; the
 * checkpoints of a training stay behind.
 *
 * @example
 * const address = URL.createObjectURL(new Blob([await zipFolder("mine")]));
 */
export async function zipFolder(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const name = join(folder).split("/").at(-1) as string;
  const all = Object.entries(await readFolder(folder));
  const files = all
    .filter(([path]) => !path.startsWith(`${basename(checkpointFolder(folder))}/`))
    .map(([path, content]) => [`${name}/${path}`, content]);
  // Numbers of a network hardly shrink, so they are stored as they are.
  return zipSync(Object.fromEntries(files), { level: 0 }) as Uint8Array<ArrayBuffer>;
}
