/**
 * The project's own facts and sentence patterns, and what the demo makes of them.
 * @module
 */
export { clozeRelations, type DemoCloze, demoCloze, writeDemoCloze } from "./cloze.js";
export {
  type DemoOptions,
  type DemoSplit,
  demoData,
  demoExamples,
  demoRelations,
  demoSplits,
  writeDemoData,
} from "./examples.js";
export { type Fact, facts, type Name } from "./facts.js";
export { escapeXml, type LearningCurve, lineChart, readCurve } from "./learning-curve.js";
