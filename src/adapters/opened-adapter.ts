import { userError } from "../errors.js";
import { join } from "../host/paths.js";
import type { AdapterManifest } from "./adapter-manifest.js";
import type { NamedAdapter } from "./adapter-set.js";
import { holdsAdapter } from "./config.js";
import { checkAdapterNames } from "./downstream-folder.js";
import {
  adapterFiles,
  type BackboneIdentity,
  folderNotes,
  hashOfTensors,
  type Parameters,
  readAdapterManifest,
  readAdapterParameters,
  requireRecordedTensors,
  requireSameBackbone,
} from "./folder.js";
import { findAdapter } from "./hub-adapter.js";
import { adapterShapes } from "./official/import-adapter.js";

/** A finished adapter, read from its folder to be used beside others. */
export interface OpenedAdapter extends NamedAdapter {
  /** As it was named; one of the hub with the commit that it is at. */
  readonly folder: string;
  /** Where its files are on this machine. */
  readonly path: string;
  readonly manifest: AdapterManifest;
  /** Lines for the user about what could not be checked. */
  readonly notes: readonly string[];
  /** Of its tensors. */
  readonly hash: string;
  /** Under the names that they have in its own folder. */
  readonly parameters: Parameters;
  /** Whether every sentence was padded to the same length while it was trained. */
  readonly fixedWidth: boolean;
}

/**
 * Reads finished adapters for one backbone, by folder or Hugging Face id.
 *
 * @throws UserError where names are no names, an adapter was trained beside another backbone, or a folder holds a
 * baseline without an adapter
 */
export async function openAdapters(
  named: readonly { readonly name: string; readonly folder: string }[],
  backbone: BackboneIdentity,
): Promise<OpenedAdapter[]> {
  checkAdapterNames(named.map(({ name }) => name));
  const adapters: OpenedAdapter[] = [];
  for (const { name, folder } of named) {
    const { folder: path, pinned, notes: origin } = await findAdapter(folder);
    const manifest = await readAdapterManifest(path);
    const { features, architecture: config, task } = manifest;
    requireSameBackbone(path, manifest, backbone);
    if (!holdsAdapter(features)) {
      const what = `the folder holds a baseline on ${features}, no adapter`;
      throw userError({ where: path, what, expected: "an adapter" });
    }
    const parameters = await readAdapterParameters(path, "adapter", adapterShapes(config, backbone.hiddenSize));
    const hash = await hashOfTensors(join(path, adapterFiles.adapter));
    requireRecordedTensors(join(path, adapterFiles.adapter), manifest.tensors?.adapter, hash);
    const notes = [...origin, ...folderNotes(path, manifest)];
    const fixedWidth = task.fixedWidth ?? false;
    adapters.push({ name, folder: pinned ?? folder, path, manifest, config, parameters, hash, fixedWidth, notes });
  }
  return adapters;
}
