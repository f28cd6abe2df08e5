/// <reference types="node" preserve="true" />
/**
 * kadapter's front door: teach a frozen language model knowledge, kind by kind, and use what was learnt.
 *
 * @example
 * import { facts, load, openBackbone, openEngine, ownModel, train } from "kadapter";
 *
 * const engine = await openEngine();
 * const base = await openBackbone(ownModel());
 * for await (const event of train(engine, base, facts({ train: "facts.jsonl" }), { out: "runs/mine" })) {
 *   if (event.kind === "eval") console.log(event.metrics);
 * }
 * const model = await load(engine, "runs/mine", { as: "relations" });
 * console.log(await model.predict({ text: "Vienna is the capital of Austria.", subject: "Austria", object: "Vienna" }));
 * await model.close();
 * await engine.close();
 * @module kadapter
 */
export type { Span } from "./data/relation-example.js";
export type { Metrics, TrainEvent } from "./engine/events.js";
export type { FloatMemory } from "./engine/executor.js";
export { UserError } from "./errors.js";
export type { DescribedAnswer } from "./export/description.js";
export { type BackboneHandle, openBackbone } from "./features/backbone-handle.js";
export { type Engine, type EngineOptions, openEngine } from "./library/engine.js";
export { type ExportOptions, type ExportResult, exportOnnx } from "./library/export.js";
export {
  type PullOptions,
  type PullResult,
  type PushOptions,
  type PushResult,
  pull,
  push,
} from "./library/hub.js";
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
} from "./library/knowledge.js";
export {
  type Conversation,
  type Conversations,
  type Exchange,
  type LoadModelOptions,
  load,
  type Model,
  type PredictOptions,
  type WordOptions,
} from "./library/model.js";
export { ownModel } from "./library/own-model.js";
export { type TrainControl, type TrainingEvent, train } from "./library/train.js";
export type { ChoiceAnswer, ChoiceQuestion } from "./tasks/choice/asking.js";
export type { ChoiceScores } from "./tasks/choice/multiple-choice.js";
export type { ClassificationScores, ClassScores } from "./tasks/classification-scores.js";
export type { PassageAnswer, PassageQuestion } from "./tasks/qa/asking.js";
export type { OpenAnswer } from "./tasks/qa/open-answers.js";
export type { OpenScores } from "./tasks/qa/open-qa.js";
export type { RankedWord, WordAnswer, WordQuestion } from "./tasks/recall/asking.js";
export type { PairAnswer, RankedRelation, RelationAnswer, RelationQuestion } from "./tasks/relations/asking.js";
export type { RelationMetric, RelationScores } from "./tasks/relations/downstream-relations.js";
export type { PrototypeScores } from "./tasks/relations/prototypes.js";
export type { PrecisionRecall } from "./tasks/relations/relation-scores.js";
export type { TreeAnswer, TreeQuestion, TreeWord } from "./tasks/trees/asking.js";
export type { AttachmentRates, AttachmentScores } from "./tasks/trees/attachment-scores.js";
export type { TypingAnswer, TypingQuestion } from "./tasks/typing/asking.js";
export type { TypingScores } from "./tasks/typing/typing-scores.js";
