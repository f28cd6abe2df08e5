import type { RelationExample } from "../data/relation-example.js";
import {
  classificationTaskData,
  contrastTaskData,
  type FactualObjective,
  readRelationSet,
  relationLabels,
} from "../tasks/relations/factual.js";
import type { ExampleSet } from "../tasks/task-data.js";
import type { EntityVector } from "../text/markers.js";
import type { AnyTaskData } from "../training/multitask.js";

/** Relations to be learnt: those of the training data are the classes. */
export interface FactualSets {
  readonly labels: readonly string[];
  readonly train: ExampleSet<RelationExample>;
  readonly dev: ExampleSet<RelationExample>;
}

/** What facts are learnt by, and how. */
export interface FactualTeaching {
  readonly objective: FactualObjective;
  readonly entityVector: EntityVector;
  readonly labelSmoothing?: number;
  readonly temperature?: number;
}

/** Facts as a task, by any of the objectives. */
export function factsAsTask(sets: FactualSets, { objective, ...how }: FactualTeaching): AnyTaskData {
  if (objective === "contrastive") {
    const taskData = contrastTaskData(sets, how);
    return (use) => use(taskData);
  }
  const taskData = classificationTaskData(sets, { ...how, head: objective === "own-output" ? "linear" : "released" });
  return (use) => use(taskData);
}

/** Reads the sets of {@link factsAsTask}. */
export async function readFacts(train: readonly string[], dev: readonly string[]): Promise<FactualSets> {
  const trainSet = await readRelationSet(train, {});
  return { labels: relationLabels(trainSet.examples), train: trainSet, dev: await readRelationSet(dev, {}) };
}
