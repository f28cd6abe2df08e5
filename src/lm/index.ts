/// <reference types="node" preserve="true" />
/**
 * Language models: new ones and folders of them, heads over words beside adapters, and the texts that they learn from.
 * @module kadapter/lm
 */
export { CausalLm } from "./causal-lm.js";
export { LanguageModel } from "./language-model.js";
export { givenModelStart, writeLanguageModel } from "./language-model-folder.js";
export { LmHead } from "./lm-head.js";
export { findLmHeads, type LmHeadManifest, readLmHead, readLmHeadManifest } from "./lm-head-folder.js";
export { MaskedLm, type MaskedLmOptions } from "./masked-lm.js";
export { MaskedTexts, type MaskedTextsOptions } from "./masked-texts.js";
export { learnVocabulary, type NewModelOptions, newModelConfig, newModelStart } from "./new-language-model.js";
export { NgramBaseline } from "./ngram-baseline.js";
export { collectTextBlocks, type TextBlockOptions } from "./text-blocks.js";
