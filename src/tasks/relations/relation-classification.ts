import { z } from "zod";
import type { RelationExample } from "../../data/relation-example.js";
import { userError } from "../../errors.js";
import type { HeadSizes, TaskHead } from "../../models/task-head.js";
import type { ParamScope } from "../../nn/index.js";
import { type HostTensor, int32Tensor } from "../../tensor.js";
import { entityVectors, markEntities } from "../../text/markers.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { type ClassificationScores, scoreClassification } from "../classification-scores.js";
import { selectRows } from "../select.js";
import type { EncodedText, Evaluation, Prediction, Skipped, Task, TaskContext, TaskKind } from "../task.js";
import { taskOptions } from "../task-options.js";
import { RelationHead, releasedRelationHead } from "./relation-head.js";

export interface EncodedRelation extends EncodedText {
  /** Positions of the vectors that stand for subject and object. */
  readonly subject: number;
  readonly object: number;
  /** Index of the relation; -1 where it is not known. */
  readonly label: number;
  readonly example: RelationExample;
}

/** What is recorded besides the relations; folders of before this was a choice have nothing. */
const relationOptions = z.strictObject({
  entityVector: z.enum(entityVectors).default("first-marker"),
  /** Share of each label that is spread over all relations while it is learnt. */
  labelSmoothing: z.number().min(0).lt(1).default(0),
  /** The released head with its two dense layers, or a single layer over the pair of vectors. */
  head: z.enum(["released", "linear"]).default("released"),
});
export type RelationOptions = z.output<typeof relationOptions>;

/** Relation classification by name; its settings are the relations, and whose vector stands for an entity. */
export const relationClassification: TaskKind<RelationExample, EncodedRelation, ClassificationScores> = {
  name: "relation-classification",
  make: ({ labels, options }, context) => {
    const read = taskOptions(relationOptions, options, relationClassification.name);
    if (labels) return new RelationClassification(labels, context, read);
    throw userError({
      what: `the task ${relationClassification.name} names no relations`,
      expected: "a list of labels",
    });
  },
};

/** Factual knowledge: which relation holds between two marked entities of a sentence. */
export class RelationClassification implements Task<RelationExample, EncodedRelation, ClassificationScores> {
  protected readonly classes: Map<string, number>;

  /** @param labels relation names in the order of the classes */
  constructor(
    readonly labels: readonly string[],
    protected readonly context: TaskContext,
    private readonly how: RelationOptions = relationOptions.parse({}),
  ) {
    this.classes = new Map(labels.map((label, i) => [label, i]));
  }

  encode(example: RelationExample, tokenizer: Tokenizer): EncodedRelation | Skipped {
    const label = this.classes.get(example.relation);
    if (label === undefined) {
      throw userError({
        where: example.where,
        what: `the relation ${JSON.stringify(example.relation)} is not among the ${this.labels.length} that were learnt`,
        expected: `one of ${this.labels.slice(0, 5).join(", ")}${this.labels.length > 5 ? " …" : ""}`,
        fix: "evaluate on data with the training data's relations",
      });
    }
    return this.mark(example, tokenizer, label);
  }

  encodeUnlabelled(example: RelationExample, tokenizer: Tokenizer): EncodedRelation | Skipped {
    return this.mark(example, tokenizer, -1);
  }

  protected mark(example: RelationExample, tokenizer: Tokenizer, label: number): EncodedRelation | Skipped {
    const options = { maxLength: this.context.maxLength, entityVector: this.how.entityVector };
    const marked = markEntities(tokenizer, example.text, example.subject, example.object, options);
    return "skipped" in marked ? marked : { ...marked, label, example };
  }

  makeHead(scope: ParamScope, sizes: HeadSizes): TaskHead {
    const { dropout, headInit } = this.context;
    const labels = this.labels.length;
    const options = { dropout, init: headInit, labelSmoothing: this.how.labelSmoothing };
    return this.how.head === "linear"
      ? new RelationHead(scope, { featureSize: sizes.featureSize, hiddenSize: null }, labels, options)
      : releasedRelationHead(scope, sizes, labels, options);
  }

  readPositions(encoded: EncodedRelation): readonly number[] {
    return pairPositions(encoded);
  }

  feeds(batch: readonly EncodedRelation[], width: number): Record<string, HostTensor> {
    return relationFeeds(batch, width);
  }

  score(predictions: Iterable<Prediction<EncodedRelation>>): ClassificationScores {
    return scoreClassification(toldLabels(predictions), this.labels);
  }

  evaluation({ accuracy, microF1, macroF1, loss }: ClassificationScores): Evaluation {
    return { metrics: { accuracy, microF1, macroF1, loss }, metric: accuracy };
  }
}

/** One after the other: there may be more than the memory holds. */
function* toldLabels(predictions: Iterable<Prediction<EncodedRelation>>) {
  for (const { encoded, logits } of predictions) yield { truth: encoded.label, logits };
}

/** The positions that stand for subject and object. */
export const pairPositions = ({ subject, object }: EncodedRelation): readonly number[] => [subject, object];

/** Which positions stand for subject and object, and the relations. */
export function relationFeeds(batch: readonly EncodedRelation[], width: number): Record<string, HostTensor> {
  return {
    select: selectRows(batch.map(pairPositions), 2, width),
    labels: int32Tensor(
      [batch.length],
      Int32Array.from(batch, ({ label }) => label),
    ),
  };
}
