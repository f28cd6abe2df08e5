/**
 * An adapter as a folder: `adapter_config.json`, `adapter_model.safetensors`, `head.safetensors`, `README.md`,
 * `subjects.txt` where it has a say only in texts about some, and `wordings.jsonl` where it was taught facts in words.
 * @module
 */

import type { z } from "zod";
import { readWordings, type Wordings } from "../data/wordings.js";
import { setting, userError } from "../errors.js";
import { removeMark, writeFileAtomically } from "../files/atomic.js";
import { fileBytes } from "../files/bounds.js";
import { parseWith, readJson } from "../files/json.js";
import { readTextIfThere } from "../files/text.js";
import { existsSync, rm } from "../host/files.js";
import { dirname, join } from "../host/paths.js";
import { totalElements } from "../tensor.js";
import { hashFile, hashWeights } from "../weights/hash.js";
import { tensorsOf } from "../weights/parameters.js";
import { openSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { type Parameters, readParameterFile, type Shapes } from "../weights/strict-load.js";
import { type AdapterManifest, adapterManifestSchema } from "./adapter-manifest.js";
import { modelCard } from "./model-card.js";

export type { Parameters };

export const adapterFiles = {
  config: "adapter_config.json",
  adapter: "adapter_model.safetensors",
  head: "head.safetensors",
  card: "README.md",
  subjects: "subjects.txt",
  wordings: "wordings.jsonl",
} as const;

export interface AdapterFolder {
  readonly manifest: AdapterManifest;
  readonly adapter: Parameters;
  readonly head: Parameters;
  /** Names, a line each, that open the adapter's gate; all texts where it is left out. */
  readonly subjects?: readonly string[];
  /** The wordings in which facts were taught, as lines of JSON; left out where it learnt something else. */
  readonly wordings?: readonly string[];
}

/**
 * Writes an adapter's folder, each file whole or not at all; an older `adapter_config.json` goes first and the new one
 * comes last, so a folder that has it is complete. The tensors' hashes are taken from what the disk then holds.
 */
export async function writeAdapterFolder(
  folder: string,
  { manifest, adapter, head, subjects, wordings }: AdapterFolder,
): Promise<void> {
  const config = join(folder, adapterFiles.config);
  await removeMark(config);
  const write = async (file: string, parameters: Parameters) => {
    await writeSafetensors(join(folder, file), tensorsOf(parameters), { format: "pt" });
    return hashOfTensors(join(folder, file));
  };
  try {
    const tensors = { adapter: await write(adapterFiles.adapter, adapter), head: await write(adapterFiles.head, head) };
    const named = {
      ...(await writeList(folder, "subjects", subjects)),
      ...(await writeList(folder, "wordings", wordings)),
    };
    await writeFileAtomically(
      join(folder, adapterFiles.card),
      modelCard(manifest, totalElements(adapter.values()), totalElements(head.values())),
    );
    await writeFileAtomically(config, `${JSON.stringify({ ...manifest, tensors, ...named }, null, 2)}\n`);
  } catch (error) {
    // A full disk: half of an adapter would only be in the way.
    for (const file of Object.values(adapterFiles))
      await rm(join(folder, file), { force: true }).catch(() => undefined);
    throw error;
  }
}

/** What stands in a file of its own, being long. */
type ListFile = "subjects" | "wordings";

/** Writes a file of lines, or removes an older one where there are none; its hash is what the configuration records. */
async function writeList(folder: string, name: ListFile, lines: readonly string[] | undefined) {
  const path = join(folder, adapterFiles[name]);
  if (lines) await writeFileAtomically(path, lines.map((line) => `${line}\n`).join(""));
  else await rm(path, { force: true });
  return lines ? { [name]: await hashFile(path) } : {};
}

/** Hash of a safetensors file's names, shapes and elements. */
export async function hashOfTensors(path: string): Promise<string> {
  const source = await openSafetensors(path);
  try {
    return await hashWeights(source);
  } finally {
    await source.close();
  }
}

/** The same hash of parameters at hand. */
export function hashOfParameters(parameters: Parameters): Promise<string> {
  const tensors = tensorsOf(parameters);
  return hashWeights({ keys: () => tensors.keys(), read: async (key) => tensors.get(key)! });
}

/** Reads and checks `adapter_config.json`. */
export function readAdapterManifest(folder: string): Promise<AdapterManifest> {
  const expected = "a folder made by `kadapter pretrain` or `kadapter import`";
  return readManifestFile(join(folder, adapterFiles.config), adapterManifestSchema, expected);
}

/**
 * The names that open an adapter's gate; null where its folder has none, so that it is always open.
 *
 * @throws UserError where they are not the ones that its configuration records
 */
export async function readSubjects(
  folder: string,
  { subjects: recorded }: Pick<AdapterManifest, "subjects">,
): Promise<readonly string[] | null> {
  const path = join(folder, adapterFiles.subjects);
  const text = await readTextIfThere(path, { what: "the subjects", mostBytes: fileBytes.subjects });
  if (text === null) return null;
  await requireRecorded(path, recorded, "these are not the names that open the adapter's gate");
  return text.split("\n").filter((line) => line.trim() !== "");
}

/**
 * The wordings in which an adapter's facts were taught; null where its folder, of before they were recorded, cannot tell.
 *
 * @throws UserError where they are not the ones that its configuration records
 */
export async function readTaughtWordings(
  folder: string,
  { wordings: recorded }: Pick<AdapterManifest, "wordings">,
): Promise<Wordings | null> {
  const path = join(folder, adapterFiles.wordings);
  if (recorded === undefined) return null;
  await requireRecorded(path, recorded, "these are not the wordings that the adapter's facts were taught in");
  return readWordings(path);
}

/** @throws UserError where a file is not the one whose SHA-256 was recorded */
async function requireRecorded(path: string, recorded: string | undefined, what: string): Promise<void> {
  if (recorded === undefined) return;
  const found = await hashFile(path);
  if (found !== recorded) throw notRecorded(path, what, { of: "a file", recorded, found, again: "teach the facts" });
}

/** Something is not what its folder's configuration says it was. */
function notRecorded(
  where: string,
  what: string,
  { of, recorded, found, again }: Readonly<Record<"of" | "recorded" | "found" | "again", string>>,
): Error {
  const expected = `${of} with the SHA-256 ${recorded.slice(0, 16)}…, here ${found.slice(0, 16)}…`;
  return userError({ where, what, expected, fix: `copy the folder again, or ${again} again` });
}

/**
 * Refuses tensors that are not the ones whose hash was recorded when they were written: a flipped bit would change
 * answers without a word.
 *
 * @param recorded null or undefined in folders of before it was recorded
 */
export function requireRecordedTensors(path: string, recorded: string | null | undefined, found: string): void {
  if (recorded === undefined || recorded === null || recorded === found) return;
  const what = "its tensors are not the ones that were written: the file is damaged, or another one's";
  throw notRecorded(path, what, { of: "tensors", recorded, found, again: "train" });
}

/** Reads a folder's configuration and checks it; the error names the first field that is wrong. */
export async function readManifestFile<T>(path: string, schema: z.ZodType<T>, expected: string): Promise<T> {
  const there = (file: string) => existsSync(join(dirname(path), file));
  if (!existsSync(path) && there("checkpoints") && !there(adapterFiles.adapter) && !there("model.safetensors")) {
    throw userError({
      where: dirname(path),
      what: "the training in this folder is not finished",
      fix: `go on with the command that began it and ${setting("resume", true)}`,
    });
  }
  return parseWith(schema, await readJson(path, { what: "the configuration", expected }), path, { expected });
}

/**
 * Reads the parameters of one of a folder's files, all of them and no others.
 *
 * @param expected shape by name
 */
export function readAdapterParameters(folder: string, file: "adapter" | "head", expected: Shapes): Promise<Parameters> {
  return readParameterFile(join(folder, adapterFiles[file]), expected);
}

/** What a backbone must have in common with the one that an adapter was trained beside. */
export interface BackboneIdentity {
  readonly name: string;
  readonly modelType: string;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly hash: string;
  readonly configHash: string;
  readonly tokenizerHash: string;
}

/** What a folder records of a backbone that was not at hand when it was made. */
export const unknownHashes = { hash: null, configHash: null, tokenizerHash: null } as const;

/** What a folder of before it was recorded cannot tell; for the user to see. */
export function folderNotes(
  folder: string,
  { backbone, subjects }: Pick<AdapterManifest, "backbone" | "subjects">,
): readonly string[] {
  const cannotTell = (what: string, file: string) =>
    `${folder}: it does not record ${what}, so it cannot tell whether ${file} is as it was`;
  const names = adapterFiles.subjects;
  return [
    ...(backbone.hash === null || backbone.configHash !== null
      ? []
      : [cannotTell("the backbone's configuration", "config.json")]),
    ...(subjects === undefined && existsSync(join(folder, names)) ? [cannotTell(`the hash of ${names}`, names)] : []),
  ];
}

/** @throws UserError when the adapter was trained beside another backbone */
export function requireSameBackbone(
  folder: string,
  { backbone }: Pick<AdapterManifest, "backbone">,
  given: BackboneIdentity,
): void {
  const differences = (["modelType", "hiddenSize", "layers", "hash", "configHash", "tokenizerHash"] as const).filter(
    (key) => backbone[key] !== null && backbone[key] !== given[key],
  );
  const [first] = differences;
  if (first === undefined) return;
  const field = {
    modelType: "kind",
    hiddenSize: "hidden size",
    layers: "number of layers",
    hash: "weights (SHA-256)",
    configHash: "configuration (SHA-256)",
    tokenizerHash: "tokenizer (SHA-256)",
  }[first];
  throw userError({
    where: given.name,
    what: `the adapter ${folder} was trained beside another backbone: ${field} ${String(backbone[first]).slice(0, 16)}, here ${String(given[first]).slice(0, 16)}`,
    ...(backbone.name === null ? {} : { expected: `the backbone ${backbone.name}` }),
    fix: "give the backbone that the adapter was trained beside",
  });
}
