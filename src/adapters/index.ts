/// <reference types="node" preserve="true" />
/**
 * K-Adapter: configuration, presets, the module, and its folder.
 * @module kadapter/adapters
 */
export type { AdapterManifest } from "./adapter-manifest.js";
export { type KAdapterConfig, type PresetName, resolveAdapterConfig } from "./config.js";
export {
  type DownstreamManifest,
  isDownstreamFolder,
  readDownstreamManifest,
  readDownstreamParameters,
} from "./downstream-folder.js";
export {
  type AdapterFolder,
  adapterFiles,
  type BackboneIdentity,
  readAdapterManifest,
  readAdapterParameters,
  requireSameBackbone,
  writeAdapterFolder,
} from "./folder.js";
export { type Fusion, type FusionConfig, makeFusion } from "./fusion.js";
export { KAdapter, type KAdapterOutput } from "./k-adapter.js";
export { adapterShapes, readOfficialAdapter } from "./official/import-adapter.js";
export { type OpenedAdapter, openAdapters } from "./opened-adapter.js";
