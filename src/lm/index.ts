/**
 * Language models: the parts of one, heads beside adapters, and the texts they learn from.
 * @module
 */
export * from "./causal-lm.js";
export * from "./language-model.js";
export * from "./language-model-card.js";
export * from "./language-model-comparison.js";
export * from "./language-model-folder.js";
export * from "./lm-head.js";
export * from "./lm-head-folder.js";
export * from "./masked-lm.js";
export * from "./masked-texts.js";
export * from "./masking.js";
export * from "./new-language-model.js";
export * from "./ngram-baseline.js";
export * from "./text-blocks.js";
