/**
 * What the front door has wherever it stands: `kadapter` in Node and `kadapter/browser` in a tab.
 * @module
 */
export type { Span } from "../data/relation-example.js";
export type { Metrics, TrainEvent } from "../engine/events.js";
export { UserError } from "../errors.js";
export { type BackboneHandle, openBackbone } from "../features/backbone-handle.js";
export type { ChoiceAnswer, ChoiceQuestion } from "../tasks/choice/asking.js";
export type { ChoiceScores } from "../tasks/choice/multiple-choice.js";
export type { ClassificationScores, ClassScores } from "../tasks/classification-scores.js";
export type { PassageAnswer, PassageQuestion } from "../tasks/qa/asking.js";
export type { OpenAnswer } from "../tasks/qa/open-answers.js";
export type { OpenScores } from "../tasks/qa/open-qa.js";
export type { RankedWord, WordAnswer, WordQuestion } from "../tasks/recall/asking.js";
export type { PairAnswer, RankedRelation, RelationAnswer, RelationQuestion } from "../tasks/relations/asking.js";
export type { RelationMetric, RelationScores } from "../tasks/relations/downstream-relations.js";
export type { PrototypeScores } from "../tasks/relations/prototypes.js";
export type { PrecisionRecall } from "../tasks/relations/relation-scores.js";
export type { TreeAnswer, TreeQuestion, TreeWord } from "../tasks/trees/asking.js";
export type { AttachmentRates, AttachmentScores } from "../tasks/trees/attachment-scores.js";
export type { TypingAnswer, TypingQuestion } from "../tasks/typing/asking.js";
export type { TypingScores } from "../tasks/typing/typing-scores.js";
export {
  type ChoicesData,
  choices,
  type DownstreamSettings,
  type FactsData,
  type FactsScores,
  type FactsSettings,
  facts,
  type Knowledge,
  type QuestionsData,
  questions,
  type RecallData,
  type RecallSettings,
  type RelationsData,
  recall,
  relations,
  type TrainResult,
  type TreesData,
  type TreesSettings,
  type TypingData,
  trees,
  typing,
} from "./knowledge.js";
export {
  type Conversation,
  type Conversations,
  type Exchange,
  type LoadModelOptions,
  load,
  type Model,
  type PredictOptions,
  type WordOptions,
} from "./model.js";
export { type TrainControl, type TrainingEvent, train } from "./train.js";
