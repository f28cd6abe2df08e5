import {
  add,
  cast,
  concat,
  type GraphBuilder,
  gelu,
  matmul,
  mul,
  type Parameter,
  reduceSum,
  sub,
  unsqueeze,
  type Value,
} from "../../graph/index.js";
import type { HeadInit, TaskHead } from "../../models/task-head.js";
import { drop, type Linear, type ParamScope, type Pass, randomLinear, selectInput } from "../../nn/index.js";
import { type ChoiceLoss, choiceLoss, crossEntropy } from "../losses.js";

export interface BiaffineOptions {
  /** Width of the vectors that are compared. */
  readonly size: number;
  readonly loss: ChoiceLoss;
  /** Number of relations; 0 learns none. */
  readonly relations: number;
  readonly dropout: number;
  readonly init: HeadInit;
}

/** Width of the vectors from which a relation is told. */
const relationSize = 128;

/**
 * A biaffine scorer of heads after Dozat and Manning (arXiv 1611.01734, §2.2), over first sub-words and the root, of
 * vectors `f` of the backbone's size:
 *
 *     d_i = drop(gelu(arc_dependent(f_i)));   e_j = drop(gelu(arc_head(f_j)))
 *     score(i, j) = arc(d_i)·e_j / √size
 *     relation(i, j) = label_out(drop(gelu(label_dependent(f_i) + label_head(f_j))))
 *
 * There are as many candidates as words, so no sentence is too long for it. `arc`'s bias is the prior of a word to be
 * a head.
 */
export class BiaffineHead implements TaskHead {
  readonly parameters: readonly Parameter[];
  private readonly dependent: Linear;
  private readonly head: Linear;
  private readonly arc: Linear;
  private readonly label: { readonly dependent: Linear; readonly head: Linear; readonly out: Linear } | null;

  constructor(
    scope: ParamScope,
    hiddenSize: number,
    private readonly options: BiaffineOptions,
  ) {
    const { size, relations, init } = options;
    const before = scope.all.length;
    this.dependent = randomLinear(scope.at("arc_dependent"), hiddenSize, size, init);
    this.head = randomLinear(scope.at("arc_head"), hiddenSize, size, init);
    this.arc = randomLinear(scope.at("arc"), size, size, init);
    this.label =
      relations === 0
        ? null
        : {
            dependent: randomLinear(scope.at("label_dependent"), hiddenSize, relationSize, init),
            head: randomLinear(scope.at("label_head"), hiddenSize, relationSize, init),
            out: randomLinear(scope.at("label_out"), relationSize, relations, init),
          };
    this.parameters = scope.all.slice(before);
  }

  /** Row 0 picks the root, row i the first sub-word of the i-th word; rows without a 1 are padding. */
  select(g: GraphBuilder): Value {
    return selectInput(g, "words");
  }

  /**
   * @param features `[batch, words, …]`
   * @returns logits `[batch, words, words]`: row i scores the heads of word i; with relations `[batch, 2·words, words]`,
   * the second half being the best relation's index for each pair
   */
  forward(pass: Pass, features: readonly Value[], select: Value): { readonly logits: Value; readonly loss: Value } {
    const { g } = pass;
    const { loss } = this.options;
    const f = concat(g, features, -1);
    const scores = this.scores(pass, f, select);
    const arcs = g.input("arcs", "float32", ["batch", "words", "words"]);
    const arcLoss = choiceLoss(g, scores, arcs, loss);
    if (!this.label) return { logits: scores, loss: arcLoss };
    return {
      logits: concat(g, [scores, this.bestRelations(pass, f)], 1),
      loss: add(g, arcLoss, this.relationLoss(pass, f, arcs)),
    };
  }

  private scores(pass: Pass, f: Value, select: Value): Value {
    const { g } = pass;
    const { size, dropout } = this.options;
    const project = (linear: Linear) => drop(pass, gelu(g, linear.forward(pass, f)), dropout);
    const compared = this.arc.forward(pass, project(this.dependent));
    const scores = matmul(g, compared, project(this.head), { transB: true, alpha: 1 / Math.sqrt(size) });
    // 0 for a word, −10000 for padding, which can be nobody's head.
    const real = unsqueeze(g, reduceSum(g, select, [2]), 1);
    return add(g, scores, mul(g, sub(g, real, g.scalar(1)), g.scalar(10000)));
  }

  /** Cross-entropy of the relation to the true head; words whose relation is below 0 are ignored. */
  private relationLoss(pass: Pass, f: Value, arcs: Value): Value {
    const { g } = pass;
    const { dependent, head, out } = this.labelParts();
    const heads = matmul(g, arcs, head.forward(pass, f));
    const hidden = drop(pass, gelu(g, add(g, dependent.forward(pass, f), heads)), this.options.dropout);
    return crossEntropy(g, out.forward(pass, hidden), g.input("relations", "int32", ["batch", "words"]));
  }

  /** The best relation of every pair, `[batch, words, words]`: which pairs are wanted is known when heads are. */
  private bestRelations(pass: Pass, f: Value): Value {
    const { g } = pass;
    const { dependent, head, out } = this.labelParts();
    const pairs = add(g, unsqueeze(g, dependent.forward(pass, f), 2), unsqueeze(g, head.forward(pass, f), 1));
    const best = g.emitOne("ArgMax", [out.forward(pass, gelu(g, pairs))], { axis: -1, keepdims: false });
    return cast(g, best, "float32");
  }

  private labelParts() {
    if (!this.label) throw new Error("this head tells no relations");
    return this.label;
  }
}
