/**
 * What is learnt: tasks, their heads, losses and scores.
 * @module
 */
export * from "./classification-scores.js";
export * from "./knowledge-model.js";
export * from "./losses.js";
export * from "./relation-classification.js";
export * from "./relation-head.js";
export * from "./task.js";
