/**
 * The project's own facts and sentence patterns, and a random language model to try an adapter on.
 * @module
 */
export { type RandomBackbone, type RandomBackboneOptions, writeRandomBackbone } from "./backbone.js";
export { clozeRelations, type DemoCloze, demoCloze, writeDemoCloze } from "./cloze.js";
export {
  type DemoOptions,
  type DemoSplit,
  demoData,
  demoExamples,
  demoRelations,
  demoSplits,
  wiki80Record,
  writeDemoData,
  writeWiki80,
} from "./examples.js";
export { type Fact, facts, type Name } from "./facts.js";
export { escapeXml, type LearningCurve, lineChart, readCurve } from "./learning-curve.js";
