/// <reference types="node" preserve="true" />
/**
 * Weights of models: reading and writing safetensors, reading PyTorch state dicts without running their code, strict
 * loading, content hashes, and finding a model in a folder, the Hugging Face cache or on its hub.
 *
 * @example
 * ```ts
 * import { openWeights, resolveModel, strictLoad } from "kadapter/weights";
 *
 * const { folder } = await resolveModel("roberta-large");
 * const source = await openWeights(folder);
 * const weights = strictLoad(new Map([["lm_head.bias", [50265]]]), source, {
 *   canonicalKey: (key) => (key === "lm_head.bias" ? key : null),
 * });
 * const bias = await weights.read("lm_head.bias"); // Float32Array
 * await source.close();
 * ```
 *
 * @module kadapter/weights
 */
export { toFloat16 } from "./float16.js";
export { toFloat32 } from "./float32.js";
export { hashFile, hashWeights } from "./hash.js";
export { type ResolvedModel, type ResolveOptions, resolveModel } from "./hub.js";
export { hubCacheFolder } from "./hub-cache.js";
export { detectWeights, openWeights, type WeightFormat } from "./open.js";
export { openSafetensors, readSafetensors, SafetensorsFile } from "./safetensors.js";
export { writeSafetensors } from "./safetensors-writer.js";
export type { TensorInfo, WeightSource } from "./source.js";
export { type StrictLoad, type StrictLoadOptions, strictLoad } from "./strict-load.js";
export { openTorchBin } from "./torch-bin.js";
