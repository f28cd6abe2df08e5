/**
 * K-Adapter: configuration, presets and the module.
 * @module
 */
export * from "./adapter-manifest.js";
export * from "./adapter-set.js";
export * from "./config.js";
export * from "./downstream-folder.js";
export * from "./folder.js";
export * from "./fusion.js";
export * from "./k-adapter.js";
export { propertyTable } from "./model-card.js";
export * from "./official/import-adapter.js";
export * from "./opened-adapter.js";
