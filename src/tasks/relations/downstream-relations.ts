import { z } from "zod";
import type { RelationExample } from "../../data/relation-example.js";
import { noRelation } from "../../data/tacred.js";
import { userError } from "../../errors.js";
import type { HeadSizes, TaskHead } from "../../models/task-head.js";
import type { ParamScope } from "../../nn/index.js";
import { type MarkerOptions, markEntities } from "../../text/markers.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { argmax, type ClassificationScores } from "../classification-scores.js";
import type { Evaluation, Prediction, Skipped, TaskContext, TaskKind } from "../task.js";
import { taskOptions } from "../task-options.js";
import { type EncodedRelation, RelationClassification } from "./relation-classification.js";
import { RelationHead } from "./relation-head.js";
import { otherRelation, type PrecisionRecall, scoreSemEval, scoreTacred, undirected } from "./relation-scores.js";

const optionsSchema = z.object({
  /** `typed` writes the entities' types behind the first markers (typed entity markers, arXiv 2102.01373). */
  markers: z.enum(["plain", "typed"]).default("plain"),
  /** The released code's features for TACRED, to the letter. */
  official: z.boolean().default(false),
});
export type DownstreamRelationOptions = z.infer<typeof optionsSchema>;

/** How a set is scored, by what its labels are. */
/** Which of the scores a data set is reported with, and decides which parameters are the best. */
export type RelationMetric = "tacred" | "semeval" | "accuracy";

/**
 * `microF1` and `macroF1` are those that the set is reported with: TACRED's micro F1 over the relations, SemEval's
 * official macro F1; over all classes elsewhere.
 */
/** How well relations are told; fractions. */
export interface RelationScores extends ClassificationScores {
  /** The one that the data set is reported with. */
  readonly metric: RelationMetric;
  /** Over the relations, where some pairs have none. */
  readonly micro: PrecisionRecall | null;
  /** SemEval's official score, where relations have directions. */
  readonly semEval: number | null;
}

/** Relation classification downstream, by name. */
export const downstreamRelations: TaskKind<RelationExample, EncodedRelation, RelationScores> = {
  name: "relations",
  make: ({ labels, options }, context) => {
    if (!labels) throw userError({ what: "the task relations names no relations", expected: "a list of labels" });
    return new DownstreamRelations(labels, taskOptions(optionsSchema, options, "relations"), context);
  },
};

/** Relation classification with the released downstream head (`TACREDModel`). */
class DownstreamRelations extends RelationClassification {
  private readonly metric: RelationMetric;

  constructor(
    labels: readonly string[],
    private readonly options: DownstreamRelationOptions,
    context: TaskContext,
  ) {
    super(labels, context);
    this.metric = metricOf(labels);
  }

  protected override mark(example: RelationExample, tokenizer: Tokenizer, label: number): EncodedRelation | Skipped {
    const { markers, official } = this.options;
    const how: MarkerOptions = {
      maxLength: this.context.maxLength,
      ...(official ? { official: "tacred" } : {}),
      ...(markers === "typed" ? typePrefixes(example) : {}),
    };
    const marked = markEntities(tokenizer, example.text, example.subject, example.object, how);
    return "skipped" in marked ? marked : { ...marked, label, example };
  }

  override makeHead(scope: ParamScope, { hiddenSize }: HeadSizes): TaskHead {
    const { dropout, headInit: init } = this.context;
    return new RelationHead(scope, { featureSize: hiddenSize, hiddenSize }, this.labels.length, { dropout, init });
  }

  override score(predictions: Iterable<Prediction<EncodedRelation>>): RelationScores {
    const all = [...predictions];
    const gold = all.map(({ encoded }) => encoded.label);
    const said = all.map(({ logits }) => argmax(logits));
    const { metric, labels } = this;
    const scores = super.score(all);
    const micro = metric === "tacred" ? scoreTacred(gold, said, labels.indexOf(noRelation)) : null;
    const semEval = metric === "semeval" ? scoreSemEval(gold, said, labels).macroF1 : null;
    const { microF1, macroF1 } = scores;
    return { ...scores, microF1: micro?.f1 ?? microF1, macroF1: semEval ?? macroF1, metric, micro, semEval };
  }

  override evaluation(scores: RelationScores): Evaluation {
    const { metrics, metric } = super.evaluation(scores);
    const { micro, semEval } = scores;
    if (micro) {
      return {
        metrics: { ...metrics, precision: micro.precision, recall: micro.recall, f1: micro.f1 },
        metric: micro.f1,
      };
    }
    return semEval === null
      ? { metrics, metric }
      : { metrics: { ...metrics, officialMacroF1: semEval }, metric: semEval };
  }
}

function metricOf(labels: readonly string[]): RelationMetric {
  if (labels.includes(noRelation)) return "tacred";
  return labels.includes(otherRelation) && labels.some((label) => undirected(label) !== label) ? "semeval" : "accuracy";
}

/** `@ * person * Marta @ … # ^ city ^ Vellmar #`: the types in words. */
function typePrefixes({ subjectType, objectType, where }: RelationExample): Partial<MarkerOptions> {
  if (!subjectType || !objectType) {
    throw userError({
      where,
      what: "typed markers need the entities' types, and the record has none",
      expected: "subj_type and obj_type",
      fix: "use plain markers",
    });
  }
  const words = (type: string) => type.toLowerCase().replaceAll("_", " ");
  return { subjectPrefix: ` * ${words(subjectType)} *`, objectPrefix: ` ^ ${words(objectType)} ^` };
}
