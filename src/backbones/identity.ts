import { hashJson, type JsonValue } from "../weights/hash.js";
import type { BackboneConfig } from "./backbone.js";

/** Settings that count while the model itself is trained: its dropout, and how new weights are drawn. */
const ofTraining = new Set(["hiddenDropout", "attentionDropout", "embeddingDropout", "initializerRange"]);

/**
 * SHA-256 of all that decides a forward pass beside weights and tokens: the parsed config.json without
 * {@link ofTraining}. Two folders with equal weights, tokenizers and configurations compute the same hidden states.
 * The names of the fields are part of it: renaming one would part every adapter from its backbone.
 */
export function configurationHash(config: BackboneConfig): string {
  const deciding = Object.entries(config)
    .filter(([name]) => !ofTraining.has(name))
    // JSON has no Infinity, which is how many positions XLNet has.
    .map(([name, value]): [string, JsonValue] => [name, value === Number.POSITIVE_INFINITY ? "Infinity" : value]);
  return hashJson(Object.fromEntries(deciding));
}
