import type { AdapterManifest } from "./adapter-manifest.js";
import { type DownstreamManifest, isDownstreamFolder, readDownstreamManifest } from "./downstream-folder.js";
import { readAdapterManifest } from "./folder.js";
import { resolveAdapter } from "./hub-adapter.js";

/** A finished adapter, or a fine-tuned model. */
export type FoundModel = FoundAdapter | FoundDownstream;

export interface FoundAdapter {
  /** As it was named: a folder or a Hugging Face id. */
  readonly name: string;
  /** On this machine. */
  readonly folder: string;
  /** What it is, for messages. */
  readonly what: "adapter";
  readonly manifest: AdapterManifest;
}

export interface FoundDownstream {
  readonly name: string;
  readonly folder: string;
  readonly what: "model";
  readonly manifest: DownstreamManifest;
}

/**
 * Finds an adapter or a fine-tuned model by folder or Hugging Face id, and reads its configuration.
 *
 * @throws UserError where there is none, its training is not finished, or its configuration is damaged
 */
export async function findModel(name: string): Promise<FoundModel> {
  const folder = await resolveAdapter(name);
  return (await isDownstreamFolder(folder))
    ? { name, folder, what: "model", manifest: await readDownstreamManifest(folder) }
    : { name, folder, what: "adapter", manifest: await readAdapterManifest(folder) };
}
