/**
 * Layers with parameters, written as graphs.
 * @module
 */
export * from "./attention.js";
export * from "./dropout.js";
export * from "./int8.js";
export * from "./layers.js";
export * from "./packing.js";
export * from "./params.js";
export * from "./transformer.js";
