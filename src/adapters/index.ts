/**
 * K-Adapter: configuration, presets and the module.
 * @module
 */
export * from "./config.js";
export * from "./folder.js";
export * from "./import-official.js";
export * from "./k-adapter.js";
