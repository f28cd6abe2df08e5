/**
 * Training: step graphs, AdamW, the feature cache, checkpoints, and pre-training from data to adapter folder.
 *
 * @example
 * import { workerExecutor } from "kadapter/runtime";
 * import { loadRelationModel, predictAll } from "kadapter/training";
 * const executor = await workerExecutor();
 * const { task, session, backbone } = await loadRelationModel(executor, "runs/facts");
 * const encoded = examples.map((example) => task.encode(example, backbone.tokenizer));
 * const logits = await predictAll(session, encoded, 32);
 * await executor.close();
 * @module
 */
export * from "./adamw.js";
export * from "./adapter-graph.js";
export * from "./backbone-start.js";
export * from "./checkpoint.js";
export * from "./downstream-lessons.js";
export * from "./downstream-model.js";
export * from "./events.js";
export * from "./executor.js";
export * from "./factual.js";
export * from "./feature-cache.js";
export * from "./feature-sources.js";
export * from "./features.js";
export * from "./finetune.js";
export * from "./fixed-parameters.js";
export * from "./frozen-backbone.js";
export * from "./host-loss-session.js";
export * from "./import-downstream.js";
export * from "./inference-pass.js";
export * from "./language-model.js";
export * from "./language-model-card.js";
export * from "./language-model-comparison.js";
export * from "./language-model-folder.js";
export * from "./language-model-session.js";
export * from "./linguistic.js";
export * from "./lm-head.js";
export * from "./lm-head-folder.js";
export * from "./load-model.js";
export * from "./masked-texts.js";
export { type EventSink, MetricsLog } from "./metrics-log.js";
export * from "./multitask.js";
export * from "./new-language-model.js";
export { groupNorm, slotNames } from "./optimizer.js";
export * from "./plan.js";
export * from "./position-features.js";
export * from "./pretrain.js";
export * from "./schedule.js";
export * from "./session.js";
export * from "./step.js";
export * from "./target-features.js";
export * from "./task-data.js";
export * from "./task-model.js";
export { TensorBoardWriter } from "./tensorboard.js";
export * from "./text-blocks.js";
export * from "./trainer.js";
export * from "./word-embeddings.js";
