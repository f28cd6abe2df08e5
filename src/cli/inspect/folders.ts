import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { downstreamFiles } from "../../adapters/downstream-folder.js";
import { adapterFiles } from "../../adapters/folder.js";
import { knowledgeFiles } from "../../knowledge/manifest.js";
import type { Output } from "../output.js";

/** What a folder holds, and the name in it that tells so; what stands first counts. */
const marks = [
  ["adapter", adapterFiles.config],
  ["fine-tuned", downstreamFiles.config],
  ["model", "config.json"],
  ["unfinished", "checkpoints"],
  ["knowledge", knowledgeFiles.entities],
] as const;

type FolderKind = (typeof marks)[number][0];

const kindNames: Readonly<Record<FolderKind, string>> = {
  adapter: "an adapter",
  "fine-tuned": "a fine-tuned model",
  model: "a language model",
  unfinished: "a training that has not ended",
  knowledge: "knowledge",
};

/** What a folder holds; null where nothing of it is known. */
export async function folderKind(folder: string): Promise<FolderKind | null> {
  for (const [kind, name] of marks) {
    if ((await stat(join(folder, name)).catch(() => null)) !== null) return kind;
  }
  return null;
}

interface KnownFolder {
  readonly path: string;
  readonly kind: FolderKind;
}

/** The folders in a folder that hold something known, by their names. */
export async function knownFolders(folder: string): Promise<readonly KnownFolder[]> {
  const found: KnownFolder[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const kind = await folderKind(path);
    if (kind) found.push({ path, kind });
  }
  return found;
}

/** A folder of runs: what is in it, and where. */
export function reportFolders(path: string, folders: readonly KnownFolder[], output: Output): void {
  const width = Math.max(...folders.map((one) => one.path.length));
  for (const one of folders) output.say(`${one.path.padEnd(width)}  ${kindNames[one.kind]}`);
  output.result({ kind: "folders", path, folders });
}
