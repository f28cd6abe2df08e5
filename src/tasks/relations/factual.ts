import type { FeatureKind } from "../../adapters/config.js";
import { type RelationReading, readRelations } from "../../data/relation-data.js";
import type { RelationExample } from "../../data/relation-example.js";
import { setting, userError } from "../../errors.js";
import type { factualObjectives } from "../../settings/choices.js";
import type { EntityVector } from "../../text/markers.js";
import type { ClassificationScores } from "../classification-scores.js";
import { filteredExamples } from "../examples.js";
import { type HeldOut, holdOut } from "../hold-out.js";
import { collectExamples, type ExampleSet, type TaskData } from "../task-data.js";
import type { PrototypeScores } from "./prototypes.js";
import { type EncodedRelation, relationClassification } from "./relation-classification.js";
import { relationContrast } from "./relation-contrast.js";

/** Where facts are learnt from. */
export interface FactualData {
  readonly train: string;
  /** Default: a tenth of the training sentences, by subject. */
  readonly dev?: string | undefined;
  /** Decides what is held out where there are no {@link dev} data. */
  readonly seed?: number;
  readonly read: RelationReading;
  /** Default: the first marker's. */
  readonly entityVector?: EntityVector;
  /** Share of each label that is spread over all relations; 0 by default. */
  readonly labelSmoothing?: number;
}

/**
 * What facts are learnt by. `classification`: the paper's head over `[h[L] ; o_K]`. `own-output`: one layer over the
 * adapter's output alone, so that what is learnt must stand in the adapter. `contrastive`: the supervised contrastive
 * loss on the adapter's output; nothing else is learnt.
 */
export type FactualObjective = (typeof factualObjectives)[number];

/** What the head reads: for the two objectives on the adapter's output that alone; baselines as they are. */
export function objectiveFeatures(objective: FactualObjective, features: FeatureKind): FeatureKind {
  if (objective === "classification") return features;
  if (features === "adapter") return "output";
  if (objective === "own-output" || features === "output") return features;
  throw userError({
    where: setting("objective", objective),
    what: `${setting("features", features)} leaves nothing to be learnt`,
    expected: setting("features", "output"),
  });
}

/** The first marker of an entity has not seen it where positions see only what is before them: its last token has. */
export function defaultEntityVector({ causal }: { readonly causal: boolean }): EntityVector {
  return causal ? "last-token" : "first-marker";
}

export type FactualTaskData = TaskData<RelationExample, EncodedRelation, ClassificationScores>;

/** Reads whole files of relations; records that their format leaves out (T-REx) are counted. */
export function readRelationSet(
  files: readonly string[],
  options: RelationReading,
): Promise<ExampleSet<RelationExample>> {
  const expected = "at least one sentence with two entities and a relation";
  return collectExamples(files, (file, onSkip) => readRelations(file, { ...options, onSkip }), expected);
}

/** The relations of examples, in alphabetical order: the classes. */
export function relationLabels(examples: Iterable<RelationExample>): string[] {
  const relations = new Set<string>();
  for (const { relation } of examples) relations.add(relation);
  return [...relations].sort();
}

/** Relations to be learnt: examples, and the relations of the training data. */
interface FactualSets {
  readonly labels: readonly string[];
  readonly train: ExampleSet<RelationExample>;
  readonly dev: ExampleSet<RelationExample>;
}

/** Holds out a tenth of a set of relations: whole subjects, so that no fact that is asked was learnt in other words. */
export const holdOutRelations = (set: ExampleSet<RelationExample>, seed: number): HeldOut<RelationExample> =>
  holdOut(set, {
    seed,
    together: ({ text, subject }) => text.slice(subject.start, subject.end),
    label: ({ relation }) => relation,
  });

async function readSets({ train, dev, read, seed = 42 }: FactualData): Promise<FactualSets> {
  const trainSet = await readRelationSet([train], read);
  // The threshold on entity pairs chooses relations by the training data; dev data must not be thinned by its own counts.
  const labels = relationLabels(trainSet.examples);
  if (labels.length === 1) throw oneRelation(train, labels[0] as string);
  if (dev === undefined) return { labels, ...holdOutRelations(trainSet, seed) };
  const devSet = await readRelationSet([dev], { ...read, minEntityPairs: 0 });
  return { labels, train: trainSet, dev: read.minEntityPairs ? withinLabels(devSet, new Set(labels)) : devSet };
}

/** A training that has one answer learns to give it, and is always right. */
const oneRelation = (where: string, relation: string) =>
  userError({
    where,
    what: `all sentences state one relation, ${JSON.stringify(relation)}, so there is nothing to tell apart`,
    expected: "sentences of two relations or more, or of none (no_relation)",
  });

/** Factual pre-training (K-Adapter §3.3): the relations of the training data are the classes. */
export async function factualTaskData(data: FactualData & ClassificationSettings): Promise<FactualTaskData> {
  return classificationTaskData(await readSets(data), data);
}

/** Classification of sets that are read already, by the paper's head or a single layer. */
export function classificationTaskData(
  { labels, train, dev }: FactualSets,
  { entityVector = "first-marker", labelSmoothing = 0, head = "released" }: ClassificationSettings,
): FactualTaskData {
  const options = { entityVector, labelSmoothing, ...(head === "linear" ? { head } : {}) };
  return { kind: relationClassification, settings: { labels, options }, train, dev };
}

export interface ClassificationSettings extends Pick<FactualData, "entityVector" | "labelSmoothing"> {
  readonly head?: "released" | "linear";
}

export type ContrastTaskData = TaskData<RelationExample, EncodedRelation, PrototypeScores>;

/** Factual pre-training by contrast. */
export async function readContrastTaskData(data: FactualData & ContrastSettings): Promise<ContrastTaskData> {
  return contrastTaskData(await readSets(data), data);
}

/** {@link readContrastTaskData} of sets that are read already. */
export function contrastTaskData(
  { labels, train, dev }: FactualSets,
  { entityVector = "first-marker", temperature = 0.05 }: ContrastSettings,
): ContrastTaskData {
  return { kind: relationContrast, settings: { labels, options: { entityVector, temperature } }, train, dev };
}

export interface ContrastSettings extends Pick<FactualData, "entityVector"> {
  readonly temperature?: number;
}

function withinLabels({ where, examples, skipped }: ExampleSet<RelationExample>, known: ReadonlySet<string>) {
  const kept = filteredExamples(examples, ({ relation }) => known.has(relation));
  return {
    where,
    examples: kept,
    skipped: { ...skipped, "relation-below-threshold": examples.length - kept.length },
  };
}
