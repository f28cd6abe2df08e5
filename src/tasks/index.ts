/**
 * What is learnt: tasks, their heads, losses and scores.
 * @module
 */

export * from "../models/adapted-model.js";
export * from "../models/design.js";
export * from "../models/hidden-states.js";
export * from "../models/joiner.js";
export * from "../models/task-head.js";
export * from "./choice/choice-head.js";
export * from "./choice/multiple-choice.js";
export * from "./classification-scores.js";
export * from "./losses.js";
export * from "./narrowed-head.js";
export * from "./projection-head.js";
export * from "./qa/answer-scores.js";
export * from "./qa/distant-answers.js";
export * from "./qa/encoded-question.js";
export * from "./qa/open-answers.js";
export * from "./qa/open-qa.js";
export * from "./qa/span-loss.js";
export * from "./relations/contrastive-loss.js";
export * from "./relations/downstream-relations.js";
export * from "./relations/prototypes.js";
export * from "./relations/relation-classification.js";
export * from "./relations/relation-contrast.js";
export * from "./relations/relation-head.js";
export * from "./relations/relation-scores.js";
export * from "./select.js";
export * from "./task.js";
export * from "./trees/attachment-scores.js";
export * from "./trees/biaffine-head.js";
export * from "./trees/head-prediction.js";
export * from "./trees/released-head.js";
export * from "./trees/spanning-tree.js";
export * from "./typing/entity-typing.js";
export * from "./typing/typing-head.js";
export * from "./typing/typing-scores.js";
