import type { RelationReading } from "../../data/relation-data.js";
import type { RelationExample } from "../../data/relation-example.js";
import { noRelation } from "../../data/tacred.js";
import { type DownstreamData, readSets } from "../downstream-data.js";
import { filteredExamples } from "../examples.js";
import type { DownstreamTaskData, ExampleSet } from "../task-data.js";
import { downstreamRelations, type RelationScores } from "./downstream-relations.js";
import { holdOutRelations, readRelationSet, relationLabels } from "./factual.js";
import type { EncodedRelation } from "./relation-classification.js";

/** Relations; the training data's are the classes. */
export async function relationsTaskData(
  data: DownstreamData,
  read: RelationReading,
  { maxNegatives = Number.POSITIVE_INFINITY, markers = "plain", official = false },
): Promise<DownstreamTaskData<RelationExample, EncodedRelation, RelationScores>> {
  const sets = await readSets(data, (files) => readRelationSet(files, read), holdOutRelations);
  const labels = relationLabels(sets.train.examples);
  return {
    kind: downstreamRelations,
    settings: { labels, options: { markers, official } },
    ...sets,
    train: limited(sets.train, maxNegatives),
  };
}

/** A training set with at most so many pairs without a relation, the first ones. */
function limited(set: ExampleSet<RelationExample>, maxNegatives: number): ExampleSet<RelationExample> {
  let negatives = 0;
  const examples = filteredExamples(
    set.examples,
    ({ relation }) => relation !== noRelation || negatives++ < maxNegatives,
  );
  const left = set.examples.length - examples.length;
  return left === 0 ? set : { ...set, examples, skipped: { ...set.skipped, "over-max-negatives": left } };
}
