/**
 * A trained language-model head as a folder: `lm_head_config.json` and `head.safetensors`.
 * @module
 */

import { z } from "zod";
import { readManifestFile } from "../adapters/folder.js";
import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import { setting, userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { fileError, removeMark, writeFileAtomically } from "../files/atomic.js";
import { readdir, stat } from "../host/files.js";
import { join } from "../host/paths.js";
import type { HostTensor } from "../tensor.js";
import { tensorsOf } from "../weights/parameters.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { readParameterFile, shapesOf } from "../weights/strict-load.js";
import type { LmHead } from "./lm-head.js";

const files = { config: "lm_head_config.json", head: "head.safetensors" } as const;

const name = z.string().max(4096);
const manifestSchema = z.object({
  format: z.literal("kadapter-lm-head/1"),
  /** What it reads beside h[L], in this order; none for the model alone. */
  adapters: z.array(z.object({ name, folder: name, hash: name })),
  /** The output matrix is the backbone's word embedding. */
  tied: z.boolean(),
  backbone: z.object({ name, hash: name, configHash: name.nullable().default(null) }),
  sizes: z.object({
    featureSize: z.number().int().positive(),
    hiddenSize: z.number().int().positive(),
    vocabSize: z.number().int().positive(),
  }),
  recipe: z.record(z.string(), z.json()),
  metrics: z.record(z.string(), z.json()),
});

/** `lm_head_config.json`. */
export type LmHeadManifest = z.infer<typeof manifestSchema>;

/** The name of a set of adapters: `none` for the model alone, else their names with `+` between. */
export const setName = (adapters: readonly { readonly name: string }[]): string =>
  adapters.length === 0 ? "none" : adapters.map(({ name }) => name).join("+");

/** Writes the folder; an older configuration goes first and the new one comes last, so a folder that has one is complete. */
export async function writeLmHead(
  folder: string,
  manifest: LmHeadManifest,
  tensors: readonly (readonly [string, HostTensor])[],
): Promise<void> {
  await removeLmHead(folder);
  await writeSafetensors(join(folder, files.head), tensors, { format: "pt" });
  await writeFileAtomically(join(folder, files.config), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Takes away a head's configuration, without which the folder holds no head. */
export const removeLmHead = (folder: string): Promise<void> => removeMark(join(folder, files.config));

/** Reads and checks `lm_head_config.json`. */
export function readLmHeadManifest(folder: string): Promise<LmHeadManifest> {
  const expected = "a folder made by `kadapter probe train-head`";
  return readManifestFile(join(folder, files.config), manifestSchema, expected);
}

/** The heads in a folder: itself, or the folders in it. */
export async function findLmHeads(folder: string): Promise<readonly string[]> {
  const isHead = async (path: string) => (await stat(join(path, files.config)).catch(() => null)) !== null;
  if (await isHead(folder)) return [folder];
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, "read the heads", error);
  });
  const found: string[] = [];
  for (const entry of names.sort()) if (await isHead(join(folder, entry))) found.push(join(folder, entry));
  if (found.length > 0) return found;
  throw userError({
    where: folder,
    what: "there are no trained heads",
    expected: `${files.config} in it or in a folder of it`,
    fix: "train them with `kadapter probe train-head`",
  });
}

/** A head's parameters, all of them and no others. */
export async function readLmHead(folder: string, head: LmHead): Promise<ReadonlyMap<string, HostTensor>> {
  return tensorsOf(await readParameterFile(join(folder, files.head), shapesOf(head.parameters)));
}

/** What a head's folder records of an adapter. */
export const adapterRecord = ({ name: key, folder, hash }: OpenedAdapter) => ({ name: key, folder, hash });

/** @throws UserError when a head was trained beside something else */
export function requireSameParts(
  folder: string,
  manifest: LmHeadManifest,
  backbone: BackboneHandle,
  adapters: readonly OpenedAdapter[],
): void {
  const { hash, configHash } = manifest.backbone;
  if (hash !== backbone.hash || (configHash !== null && configHash !== backbone.configHash)) {
    throw userError({
      where: folder,
      what: "the head was trained beside another backbone",
      expected: `the backbone ${manifest.backbone.name}`,
    });
  }
  for (const [i, adapter] of adapters.entries()) {
    if (manifest.adapters[i]?.hash === adapter.hash) continue;
    throw userError({
      where: folder,
      what: `the head was trained beside another adapter ${adapter.name} than ${adapter.folder}`,
      fix: `train the head anew, or give the adapter's folder with ${setting("adapter")}`,
    });
  }
}
