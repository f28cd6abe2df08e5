export {
  type DemoOptions,
  type DemoSplit,
  demoData,
  demoExamples,
  demoRelations,
  demoSplits,
  wiki80Record,
  writeDemoData,
} from "./examples.js";
export { type Fact, facts, type Name } from "./facts.js";
