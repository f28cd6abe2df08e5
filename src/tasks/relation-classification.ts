import type { RelationExample } from "../data/index.js";
import { userError } from "../errors.js";
import type { GraphBuilder, Value } from "../graph/index.js";
import type { ParamScope, Pass } from "../nn/index.js";
import { float32Tensor, type HostTensor, int32Tensor } from "../tensor.js";
import { type MarkerOptions, markEntities, type Tokenizer } from "../text/index.js";
import { type ClassificationScores, scoreClassification } from "./classification-scores.js";
import { crossEntropy } from "./losses.js";
import { type HeadInit, RelationHead } from "./relation-head.js";
import type { EncodedText, HeadSizes, Prediction, Skipped, Task, TaskHead } from "./task.js";

export interface EncodedRelation extends EncodedText {
  /** Positions of the first subject marker and the first object marker. */
  readonly subject: number;
  readonly object: number;
  /** Index of the relation; -1 where it is not known. */
  readonly label: number;
  readonly example: RelationExample;
}

export interface RelationTaskOptions {
  readonly tokenizer: Tokenizer;
  /** Relation names in the order of the classes. */
  readonly labels: readonly string[];
  readonly markers: MarkerOptions;
  readonly dropout: number;
  readonly headInit: HeadInit;
}

/** Factual knowledge: which relation holds between two marked entities of a sentence. */
export class RelationClassification implements Task<RelationExample, EncodedRelation, ClassificationScores> {
  readonly name = "relation-classification";
  private readonly classes: ReadonlyMap<string, number>;

  constructor(private readonly options: RelationTaskOptions) {
    this.classes = new Map(options.labels.map((label, i) => [label, i]));
  }

  get labels(): readonly string[] {
    return this.options.labels;
  }

  encode(example: RelationExample): EncodedRelation | Skipped {
    const label = this.classes.get(example.relation);
    if (label === undefined) {
      throw userError({
        where: example.where,
        what: `the relation ${JSON.stringify(example.relation)} is not among the ${this.labels.length} that were learnt`,
        expected: `one of ${this.labels.slice(0, 5).join(", ")}${this.labels.length > 5 ? " …" : ""}`,
        fix: "evaluate on data with the training data's relations",
      });
    }
    return this.mark(example, label);
  }

  /** Encodes an example whose relation is to be told; what it says of its relation is not read. */
  encodeUnlabelled(example: RelationExample): EncodedRelation | Skipped {
    return this.mark(example, -1);
  }

  private mark(example: RelationExample, label: number): EncodedRelation | Skipped {
    const { tokenizer, markers } = this.options;
    const marked = markEntities(tokenizer, example.text, example.subject, example.object, markers);
    return "skipped" in marked ? marked : { ...marked, label, example };
  }

  makeHead(scope: ParamScope, { featureSize, hiddenSize }: HeadSizes): TaskHead {
    const { dropout, headInit, labels } = this.options;
    return new RelationTaskHead(new RelationHead(scope, featureSize, hiddenSize, labels.length, dropout, headInit));
  }

  feeds(batch: readonly EncodedRelation[], width: number): Record<string, HostTensor> {
    const select = new Float32Array(batch.length * 2 * width);
    batch.forEach(({ subject, object }, i) => {
      select[2 * i * width + subject] = 1;
      select[(2 * i + 1) * width + object] = 1;
    });
    return {
      select: float32Tensor([batch.length, 2, width], select),
      labels: int32Tensor(
        [batch.length],
        Int32Array.from(batch, ({ label }) => label),
      ),
    };
  }

  score(predictions: Iterable<Prediction<EncodedRelation>>): ClassificationScores {
    return scoreClassification(
      Array.from(predictions, ({ encoded, logits }) => ({ truth: encoded.label, logits })),
      this.labels,
    );
  }
}

/** The relation head with its inputs. */
export class RelationTaskHead implements TaskHead {
  constructor(readonly head: RelationHead) {}

  get parameters() {
    return this.head.parameters;
  }

  select(g: GraphBuilder): Value {
    return g.input("select", "float32", ["batch", 2, "sequence"]);
  }

  forward(pass: Pass, features: readonly Value[]): { logits: Value; loss: Value } {
    const logits = this.head.classify(pass, this.head.combine(pass, features));
    return { logits, loss: crossEntropy(pass.g, logits, pass.g.input("labels", "int32", ["batch"])) };
  }
}
