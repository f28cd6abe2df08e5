/// <reference types="node" preserve="true" />
/**
 * Training with a task of one's own: an adapter, a downstream model, several tasks at once, a language model or a head
 * over words, from data to a folder; and such a folder loaded again.
 *
 * @example
 * import { workerExecutor } from "kadapter/runtime";
 * import { loadModel, predictAll } from "kadapter/training";
 * const executor = await workerExecutor();
 * const { task, session, backbone } = await loadModel(executor, "runs/facts", kind);
 * const encoded = examples.map((example) => task.encode(example, backbone.tokenizer));
 * const logits = await predictAll(session, encoded, 32);
 * await executor.close();
 * @module kadapter/training
 */
export { chosenAdapterConfig } from "./backbone-start.js";
export { type FinetuneConfig, type TrainingConfig, trainingConfig } from "./config.js";
export { type FinetuneResult, finetune } from "./finetune.js";
export { type LanguageModelConfig, type LanguageModelResult, trainLanguageModel } from "./language-model.js";
export { type LmHeadConfig, type LmHeadResult, trainLmHead } from "./lm-head.js";
export { type LoadedModel, type LoadOptions, loadModel } from "./load-model.js";
export { type MultitaskConfig, type MultitaskResult, trainMultitask } from "./multitask.js";
export { type PretrainResult, pretrain } from "./pretrain.js";
export type { OnEvent } from "./run.js";
export { predictAll, type TrainerSettings } from "./trainer.js";
