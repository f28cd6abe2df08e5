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

export type { FloatMemory } from "./engine/executor.js";
export type { DescribedAnswer } from "./export/description.js";
export { type Engine, type EngineOptions, openEngine } from "./library/engine.js";
export { type ExportOptions, type ExportResult, exportOnnx } from "./library/export.js";
export * from "./library/front-door.js";
export {
  type PullOptions,
  type PullResult,
  type PushOptions,
  type PushResult,
  pull,
  push,
} from "./library/hub.js";
export { ownModel } from "./library/own-model.js";
