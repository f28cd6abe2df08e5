/**
 * kadapter's front door: teach a frozen language model knowledge, kind by kind, and use what was learnt.
 *
 * @example
 * import { facts, load, openBackbone, openEngine, train } from "kadapter";
 *
 * const engine = await openEngine();
 * const base = await openBackbone("models/own");
 * for await (const event of train(engine, base, facts({ train: "facts.jsonl" }), { out: "runs/mine" })) {
 *   if (event.kind === "eval") console.log(event.metrics);
 * }
 * const model = await load(engine, "runs/mine");
 * console.log(await model.predict({ text: "Vienna is the capital of Austria.", subject: "Austria", object: "Vienna" }));
 * await model.close();
 * await engine.close();
 * @module
 */
export { UserError } from "./errors.js";
export { type BackboneHandle, openBackbone } from "./features/backbone-handle.js";
export { type Engine, openEngine } from "./library/engine.js";
export {
  choices,
  facts,
  type Knowledge,
  questions,
  recall,
  relations,
  type TrainResult,
  trees,
  typing,
} from "./library/knowledge.js";
export {
  type Conversation,
  type Conversations,
  type LoadModelOptions,
  load,
  type Model,
  type PredictOptions,
} from "./library/model.js";
export { type TrainControl, type TrainingEvent, train } from "./library/train.js";
export type { ChoiceAnswer, ChoiceQuestion } from "./tasks/choice/asking.js";
export type { PassageAnswer, PassageQuestion } from "./tasks/qa/asking.js";
export type { PairAnswer, RankedRelation, RelationAnswer, RelationQuestion } from "./tasks/relations/asking.js";
export type { TreeAnswer, TreeQuestion, TreeWord } from "./tasks/trees/asking.js";
export type { TypingAnswer, TypingQuestion } from "./tasks/typing/asking.js";
