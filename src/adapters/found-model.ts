import type { AdapterManifest } from "./adapter-manifest.js";
import { type DownstreamManifest, isDownstreamFolder, readDownstreamManifest } from "./downstream-folder.js";
import { readAdapterManifest } from "./folder.js";
import { findAdapter, type Whereabouts } from "./hub-adapter.js";

/** A finished adapter, or a fine-tuned model. */
export type FoundModel = FoundAdapter | FoundDownstream;

interface Found extends Whereabouts {
  /** As it was named: a folder or a Hugging Face id. */
  readonly name: string;
}

export interface FoundAdapter extends Found {
  /** What it is, for messages. */
  readonly what: "adapter";
  readonly manifest: AdapterManifest;
}

export interface FoundDownstream extends Found {
  readonly what: "model";
  readonly manifest: DownstreamManifest;
}

/**
 * Finds an adapter or a fine-tuned model by folder or Hugging Face id, and reads its configuration.
 *
 * @throws UserError where there is none, its training is not finished, or its configuration is damaged
 */
export async function findModel(name: string): Promise<FoundModel> {
  const place = await findAdapter(name);
  const { folder } = place;
  return (await isDownstreamFolder(folder))
    ? { name, ...place, what: "model", manifest: await readDownstreamManifest(folder) }
    : { name, ...place, what: "adapter", manifest: await readAdapterManifest(folder) };
}
