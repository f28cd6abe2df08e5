/**
 * Training: step graphs, AdamW, the feature cache, checkpoints, and pre-training from data to adapter folder.
 *
 * @example
 * import { workerExecutor } from "kadapter/runtime";
 * import { loadModel, predictAll } from "kadapter/training";
 * const executor = await workerExecutor();
 * const { task, session, backbone } = await loadModel(executor, "runs/facts");
 * const encoded = examples.map((example) => task.encode(example, backbone.tokenizer));
 * const logits = await predictAll(session, encoded, 32);
 * await executor.close();
 * @module
 */

export * from "../engine/events.js";
export * from "../engine/executor.js";
export * from "../engine/fixed-parameters.js";
export * from "../engine/inference-pass.js";
export * from "../features/adapter-graph.js";
export * from "../features/backbone-handle.js";
export * from "../features/feature-cache.js";
export * from "../features/feature-sources.js";
export * from "../features/features.js";
export * from "../features/frozen-backbone.js";
export * from "../features/position-features.js";
export * from "../features/target-features.js";
export * from "../features/token-batch.js";
export * from "../features/word-embeddings.js";
export * from "../tasks/choice/choice-data.js";
export * from "../tasks/downstream-data.js";
export * from "../tasks/qa/question-data.js";
export * from "../tasks/relations/downstream-data.js";
export * from "../tasks/relations/factual.js";
export * from "../tasks/task-data.js";
export * from "../tasks/trees/linguistic.js";
export * from "../tasks/typing/typing-data.js";
export * from "./adamw.js";
export * from "./backbone-start.js";
export * from "./checkpoint.js";
export * from "./config.js";
export * from "./finetune.js";
export * from "./host-loss-session.js";
export * from "./import-downstream.js";
export * from "./language-model.js";
export * from "./language-model-session.js";
export * from "./lm-head.js";
export * from "./load-model.js";
export { type EventSink, MetricsLog } from "./metrics-log.js";
export * from "./multitask.js";
export { groupNorm, slotNames } from "./optimizer.js";
export * from "./pretrain.js";
export * from "./run.js";
export * from "./schedule.js";
export * from "./session.js";
export * from "./step.js";
export * from "./task-model.js";
export { TensorBoardWriter } from "./tensorboard.js";
export * from "./trainer.js";
