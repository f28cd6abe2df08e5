/**
 * A trained language-model head as a folder: `lm_head_config.json` and `head.safetensors`.
 * @module
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { hashOfTensors } from "../adapters/folder.js";
import { setting, userError } from "../errors.js";
import type { BackboneHandle } from "../features/frozen-backbone.js";
import type { FrozenAdapter } from "../features/position-features.js";
import { fileError, writeFileAtomically } from "../files/atomic.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { openSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { strictLoad } from "../weights/strict-load.js";
import type { LmHead } from "./lm-head.js";

const files = { config: "lm_head_config.json", head: "head.safetensors" } as const;

const name = z.string().max(4096);
const manifestSchema = z.object({
  format: z.literal("kadapter-lm-head/1"),
  /** What it reads beside h[L], in this order; none for the model alone. */
  adapters: z.array(z.object({ name, folder: name, hash: name })),
  /** The output matrix is the backbone's word embedding. */
  tied: z.boolean(),
  backbone: z.object({ name, hash: name }),
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

/** Writes the folder; the configuration comes last, so a folder that has one is complete. */
export async function writeLmHead(
  folder: string,
  manifest: LmHeadManifest,
  tensors: readonly (readonly [string, HostTensor])[],
): Promise<void> {
  await writeSafetensors(join(folder, files.head), tensors, { format: "pt" });
  await writeFileAtomically(join(folder, files.config), `${JSON.stringify(manifest, null, 2)}\n`);
}

export async function readLmHeadManifest(folder: string): Promise<LmHeadManifest> {
  const path = join(folder, files.config);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw fileError(path, "read the head", error);
  });
  const parsed = manifestSchema.safeParse(jsonOf(text, path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw userError({
    where: `${path}: ${issue?.path.join(".") || "(whole file)"}`,
    what: issue?.message ?? "not a head's configuration",
    expected: "a folder made by `kadapter probe train-head`",
  });
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw userError({ where: path, what: `not JSON (${error instanceof Error ? error.message : error})` });
  }
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
  const source = await openSafetensors(join(folder, files.head));
  try {
    const loader = strictLoad(new Map(head.parameters.map(({ name: key, shape }) => [key, shape])), source);
    const tensors = new Map<string, HostTensor>();
    for (const { name: key, shape } of head.parameters) tensors.set(key, float32Tensor(shape, await loader.read(key)));
    return tensors;
  } finally {
    await source.close();
  }
}

/** What a head's folder records of an adapter. */
export async function adapterRecord({ name: key, folder, manifest }: FrozenAdapter) {
  return {
    name: key,
    folder,
    hash: manifest.tensors?.adapter ?? (await hashOfTensors(join(folder, "adapter_model.safetensors"))),
  };
}

/** @throws UserError when a head was trained beside something else */
export async function requireSameParts(
  folder: string,
  manifest: LmHeadManifest,
  backbone: BackboneHandle,
  adapters: readonly FrozenAdapter[],
): Promise<void> {
  if (manifest.backbone.hash !== backbone.hash) {
    throw userError({
      where: folder,
      what: "the head was trained beside another backbone",
      expected: `the backbone ${manifest.backbone.name}`,
    });
  }
  for (const [i, adapter] of adapters.entries()) {
    if (manifest.adapters[i]?.hash === (await adapterRecord(adapter)).hash) continue;
    throw userError({
      where: folder,
      what: `the head was trained beside another adapter ${adapter.name} than ${adapter.folder}`,
      fix: `train the head anew, or give the adapter's folder with ${setting("adapter")}`,
    });
  }
}
