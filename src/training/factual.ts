import { type ReadRelationsOptions, type RelationExample, readRelations } from "../data/index.js";
import { type ClassificationScores, type EncodedRelation, relationClassification } from "../tasks/index.js";
import type { EntityVector } from "../text/index.js";
import type { BackboneFolder } from "./frozen-backbone.js";
import type { Lesson } from "./pretrain.js";
import { collectExamples, type ExampleSet } from "./task-data.js";

/** Where facts are learnt from. */
export interface FactualData {
  readonly train: string;
  readonly dev: string;
  readonly read: ReadRelationsOptions;
  /** Default: the first marker's. */
  readonly entityVector?: EntityVector;
  /** Share of each label that is spread over all relations; 0 by default. */
  readonly labelSmoothing?: number;
}

/** The first marker of an entity has not seen it where positions see only what is before them: its last token has. */
export function defaultEntityVector({ config }: BackboneFolder): EntityVector {
  return config.causal ? "last-token" : "first-marker";
}

export type FactualLesson = Lesson<RelationExample, EncodedRelation, ClassificationScores>;

/** Reads whole files of relations; records that their format leaves out (T-REx) are counted. */
export function readRelationSet(
  files: readonly string[],
  options: ReadRelationsOptions,
): Promise<ExampleSet<RelationExample>> {
  const expected = "at least one sentence with two entities and a relation";
  return collectExamples(files, (file, onSkip) => readRelations(file, { ...options, onSkip }), expected);
}

/** Factual pre-training (K-Adapter §3.3): the relations of the training data are the classes. */
export async function factualLesson(data: FactualData): Promise<FactualLesson> {
  const { train, dev, read, entityVector = "first-marker", labelSmoothing = 0 } = data;
  const trainSet = await readRelationSet([train], read);
  // The threshold on entity pairs chooses relations by the training data; dev data must not be thinned by its own counts.
  const labels = [...new Set(trainSet.examples.map(({ relation }) => relation))].sort();
  const devSet = await readRelationSet([dev], { ...read, minEntityPairs: 0 });
  return {
    kind: relationClassification,
    settings: { labels, options: { entityVector, labelSmoothing } },
    train: trainSet,
    dev: read.minEntityPairs ? withinLabels(devSet, new Set(labels)) : devSet,
  };
}

function withinLabels({ where, examples, skipped }: ExampleSet<RelationExample>, known: ReadonlySet<string>) {
  const kept = examples.filter(({ relation }) => known.has(relation));
  return {
    where,
    examples: kept,
    skipped: { ...skipped, "relation-below-threshold": examples.length - kept.length },
  };
}
