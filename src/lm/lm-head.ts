import {
  add,
  cast,
  concat,
  gelu,
  greaterOrEqual,
  logSoftmax,
  matmul,
  mul,
  type Parameter,
  reduceSum,
  type Value,
} from "../graph/index.js";
import { constant, LayerNorm, Linear, normal, type ParamScope, type Pass } from "../nn/index.js";
import { labelRows } from "../tasks/losses.js";

export interface LmHeadSizes {
  /** Width of what the head reads: H, and H more for each adapter. */
  readonly featureSize: number;
  /** Width of the output matrix' rows: the word embedding's. */
  readonly hiddenSize: number;
  readonly vocabSize: number;
}

/** Of the head's norm, as BERT has it. */
export const headNormEpsilon = 1e-12;

/**
 * Scores over the vocabulary, as BERT's masked-LM head computes them (`BertLMPredictionHead`):
 *
 *     logits = LayerNorm(gelu(dense(x))) · Wᵀ + b
 *
 * W is a given matrix, such as the frozen word embedding, or learnt with the rest.
 */
export class LmHead {
  readonly parameters: readonly Parameter[];
  private readonly dense: Linear;
  private readonly norm: LayerNorm;
  private readonly bias: Parameter;
  private readonly decoder: Parameter | null;

  /** @param tied whether the output matrix is given to {@link forward} */
  constructor(
    scope: ParamScope,
    readonly sizes: LmHeadSizes,
    tied: boolean,
  ) {
    const before = scope.all.length;
    const { featureSize, hiddenSize, vocabSize } = sizes;
    const transform = scope.at("transform");
    this.dense = new Linear(transform.at("dense"), featureSize, hiddenSize, {
      weight: normal(0.02),
      bias: constant(0),
    });
    this.norm = new LayerNorm(transform.at("LayerNorm"), hiddenSize, headNormEpsilon);
    this.decoder = tied ? null : scope.at("decoder").param("weight", [vocabSize, hiddenSize], normal(0.02));
    this.bias = scope.param("bias", [vocabSize], constant(0));
    this.parameters = scope.all.slice(before);
  }

  get biasName(): string {
    return this.bias.name;
  }

  /**
   * @param features `[…, featureSize]`
   * @param tied the given output matrix, `[vocab, hidden]`; null where it is the head's own
   * @returns `[…, vocab]`
   */
  forward(pass: Pass, features: Value, tied: Value | null): Value {
    const { g } = pass;
    const matrix = tied ?? (this.decoder ? g.use(this.decoder) : null);
    if (!matrix) throw new Error("the head's output matrix was to be given");
    const transformed = this.norm.forward(pass, gelu(g, this.dense.forward(pass, features)));
    return add(g, matmul(g, transformed, matrix, { transB: true }), g.use(this.bias));
  }
}

/**
 * What is kept of a prediction instead of logits over the whole vocabulary: the right word's log-probability, and 1 where
 * no other word is likelier.
 *
 * @param logits `[…, vocab]`
 * @param labels int32 `[…]`; both numbers mean nothing where it is below 0
 * @returns `[…, 2]`
 */
export function wordScores({ g }: Pass, logits: Value, labels: Value): Value {
  const rows = labelRows(g, logits, labels);
  const pick = (values: Value) => reduceSum(g, mul(g, values, rows), [-1], true);
  const best = g.emitOne("ReduceMax", [logits, g.ints(-1)], { keepdims: true });
  const right = cast(g, greaterOrEqual(g, pick(logits), best), "float32");
  return concat(g, [pick(logSoftmax(g, logits)), right], -1);
}
