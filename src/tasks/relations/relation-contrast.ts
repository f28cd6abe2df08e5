import { z } from "zod";
import type { RelationExample } from "../../data/relation-example.js";
import { userError } from "../../errors.js";
import type { GraphBuilder, Value } from "../../graph/index.js";
import type { HeadSizes, TaskHead } from "../../models/task-head.js";
import type { ParamScope, Pass } from "../../nn/index.js";
import { type HostTensor, int32Tensor } from "../../tensor.js";
import { entityVectors } from "../../text/markers.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import type { Evaluation, Prediction, Skipped, Task, TaskContext, TaskKind } from "../task.js";
import { taskOptions } from "../task-options.js";
import { supervisedContrastive, unitRows } from "./contrastive-loss.js";
import { leaveOneOut, type PrototypeScores } from "./prototypes.js";
import {
  type EncodedRelation,
  pairPositions,
  RelationClassification,
  relationFeeds,
} from "./relation-classification.js";
import { pairVectors, selectPair } from "./relation-head.js";

const optionsSchema = z.strictObject({
  entityVector: z.enum(entityVectors).default("first-marker"),
  /** τ: how strongly the nearest of other relations are pushed away; lower is stronger. */
  temperature: z.number().positive().max(100).default(0.05),
});
export type RelationContrastOptions = z.output<typeof optionsSchema>;

/** Learning relations by contrast, by name; its labels are the relations of the training data. */
export const relationContrast: TaskKind<RelationExample, EncodedRelation, PrototypeScores> = {
  name: "relation-contrast",
  make: ({ labels, options }, context) => {
    if (!labels)
      throw userError({ what: "the task relation-contrast names no relations", expected: "a list of labels" });
    return new RelationContrast(labels, context, taskOptions(optionsSchema, options, "relation-contrast"));
  },
};

/**
 * Factual knowledge by contrast: pairs of the same relation get similar vectors (see {@link supervisedContrastive}).
 * There is no head that could be learnt: what a text gives is its pair vector, and its relation is that of the nearest
 * prototype. So relations that were never learnt can be told apart too.
 */
class RelationContrast implements Task<RelationExample, EncodedRelation, PrototypeScores> {
  /** Marks entities and numbers relations. */
  private readonly pairs: OpenRelations;

  constructor(
    readonly labels: readonly string[],
    context: TaskContext,
    private readonly options: RelationContrastOptions,
  ) {
    this.pairs = new OpenRelations(labels, context, {
      entityVector: options.entityVector,
      labelSmoothing: 0,
      head: "linear",
    });
  }

  encode(example: RelationExample, tokenizer: Tokenizer): EncodedRelation | Skipped {
    return this.pairs.encode(example, tokenizer);
  }

  encodeUnlabelled(example: RelationExample, tokenizer: Tokenizer): EncodedRelation | Skipped {
    return this.pairs.encodeUnlabelled(example, tokenizer);
  }

  makeHead(_scope: ParamScope, { featureSize }: HeadSizes): TaskHead {
    return new PairVectorHead(featureSize, this.options.temperature);
  }

  readPositions(encoded: EncodedRelation): readonly number[] {
    return pairPositions(encoded);
  }

  feeds(batch: readonly EncodedRelation[], width: number): Record<string, HostTensor> {
    return { ...relationFeeds(batch, width), rows: int32Tensor([batch.length], Int32Array.from(batch.keys())) };
  }

  /** Each example by the prototypes of all others. */
  score(predictions: Iterable<Prediction<EncodedRelation>>): PrototypeScores {
    const all = [...predictions];
    return leaveOneOut(
      all.map(({ logits }) => logits),
      all.map(({ encoded }) => encoded.label),
    );
  }

  evaluation({ accuracy, classes }: PrototypeScores): Evaluation {
    return { metrics: { prototypeAccuracy: accuracy, classes }, metric: accuracy };
  }
}

/** Relations that were not learnt have numbers, too. */
class OpenRelations extends RelationClassification {
  override encode(example: RelationExample, tokenizer: Tokenizer): EncodedRelation | Skipped {
    const { relation } = example;
    const label = this.classes.get(relation) ?? this.classes.size;
    this.classes.set(relation, label);
    return this.mark(example, tokenizer, label);
  }
}

/** The pair of vectors at length 1, and the loss; `labels` and `rows` are int32 `[batch]`. */
class PairVectorHead implements TaskHead {
  readonly parameters = [];

  constructor(
    private readonly featureSize: number,
    private readonly temperature: number,
  ) {}

  select(g: GraphBuilder): Value {
    return selectPair(g);
  }

  forward({ g }: Pass, features: readonly Value[]): { logits: Value; loss: Value } {
    const logits = unitRows(g, pairVectors(g, features, this.featureSize));
    const labels = g.input("labels", "int32", ["batch"]);
    const rows = g.input("rows", "int32", ["batch"]);
    return { logits, loss: supervisedContrastive(g, logits, { labels, rows, temperature: this.temperature }) };
  }
}
