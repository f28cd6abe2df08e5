/**
 * What is learnt: tasks, their heads, losses and scores.
 * @module
 */
export * from "./answer-scores.js";
export * from "./attachment-scores.js";
export * from "./biaffine-head.js";
export * from "./causal-lm.js";
export * from "./classification-scores.js";
export * from "./contrastive-loss.js";
export * from "./distant-answers.js";
export * from "./downstream-heads.js";
export * from "./downstream-model.js";
export * from "./downstream-relations.js";
export * from "./entity-typing.js";
export * from "./head-prediction.js";
export * from "./knowledge-model.js";
export * from "./language-model.js";
export * from "./linear-pair-head.js";
export * from "./lm-head.js";
export * from "./losses.js";
export * from "./masked-lm.js";
export * from "./masking.js";
export * from "./multiple-choice.js";
export * from "./multiple-choice-head.js";
export * from "./narrowed-head.js";
export * from "./ngram-baseline.js";
export * from "./open-answers.js";
export * from "./open-qa.js";
export * from "./position-head.js";
export * from "./projection-head.js";
export * from "./prototypes.js";
export * from "./rank-scores.js";
export * from "./relation-classification.js";
export * from "./relation-contrast.js";
export * from "./relation-head.js";
export * from "./relation-scores.js";
export * from "./select.js";
export * from "./span-loss.js";
export * from "./spanning-tree.js";
export * from "./task.js";
export * from "./typing-scores.js";
