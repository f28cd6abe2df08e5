/// <reference types="node" preserve="true" />
/**
 * What is learnt: what a task is, those that there are, their data, and the losses and scores to build another.
 * examples/hypernyms.js is a whole one.
 * @module kadapter/tasks
 */
export { choiceTaskData } from "./choice/choice-data.js";
export { multipleChoice } from "./choice/multiple-choice.js";
export { argmax, probabilities, scoreClassification } from "./classification-scores.js";
export type { Examples } from "./examples.js";
export { binaryCrossEntropy, crossEntropy } from "./losses.js";
export { openQa } from "./qa/open-qa.js";
export { openQaTaskData } from "./qa/question-data.js";
export { relationsTaskData } from "./relations/downstream-data.js";
export { downstreamRelations } from "./relations/downstream-relations.js";
export { factualTaskData } from "./relations/factual.js";
export { relationClassification } from "./relations/relation-classification.js";
export { relationContrast } from "./relations/relation-contrast.js";
export type {
  EncodedText,
  Evaluation,
  JsonObject,
  Prediction,
  Skipped,
  Task,
  TaskContext,
  TaskKind,
  TaskSettings,
} from "./task.js";
export type { DownstreamTaskData, ExampleSet, TaskData } from "./task-data.js";
export { headPrediction } from "./trees/head-prediction.js";
export { linguisticTaskData } from "./trees/linguistic.js";
export { entityTyping } from "./typing/entity-typing.js";
export { typingTaskData } from "./typing/typing-data.js";
