import {
  abs,
  add,
  div,
  exp,
  type GraphBuilder,
  log,
  logSoftmax,
  max,
  mul,
  neg,
  oneHot,
  reduceSum,
  relu,
  sub,
  type Value,
} from "../graph/index.js";
import type { HostTensor } from "../tensor.js";

/** How one of several candidates is learnt. */
export const choiceLosses = ["cross-entropy", "bce"] as const;
export type ChoiceLoss = (typeof choiceLosses)[number];

/** The label of every token for a causal language model: that of the next one; the last has none (−100). */
export function nextTokenLabels(labels: HostTensor<"int32">): HostTensor<"int32"> {
  const width = labels.shape[1] as number;
  const data = labels.data.map((_, i) => (i % width === width - 1 ? -100 : (labels.data[i + 1] as number)));
  return { ...labels, data };
}

/**
 * Mean cross-entropy over the labels that count. A label below 0 (−100 by custom) is ignored; a batch in which all are
 * ignored has loss 0 instead of NaN.
 *
 * @param logits `[…, classes]`
 * @param labels int32 `[…]`
 * @param smoothing share of each label that is spread over all classes (arXiv 1512.00567, section 7)
 * @returns float32 scalar
 */
export function crossEntropy(g: GraphBuilder, logits: Value, labels: Value, smoothing = 0): Value {
  const rows = labelRows(g, logits, labels);
  return choiceLoss(g, logits, smoothing > 0 ? smoothed(g, rows, smoothing) : rows, "cross-entropy");
}

/** Rows of zeros stay zeros. */
function smoothed(g: GraphBuilder, rows: Value, smoothing: number): Value {
  const classes = rows.shape.at(-1) as number;
  const spread = mul(g, reduceSum(g, rows, [-1], true), g.scalar(smoothing / classes));
  return add(g, mul(g, rows, g.scalar(1 - smoothing)), spread);
}

/** Labels as rows of zeros with a single 1; a label below 0 gives zeros alone. */
export function labelRows(g: GraphBuilder, logits: Value, labels: Value): Value {
  const classes = logits.shape.at(-1);
  if (typeof classes !== "number") throw new Error("the number of classes must be known");
  return oneHot(g, labels, classes);
}

/**
 * Mean loss over the rows in which one candidate is picked; rows without are ignored.
 *
 *     cross-entropy: −log softmax(x)[picked]
 *     bce:           Σ_j max(x_j, 0) − x_j·t_j + log(1 + exp(−|x_j|)), torch's BCEWithLogitsLoss summed over a row
 *
 * @param logits `[…, candidates]`
 * @param picked float32 `[…, candidates]`, each row one 1, shares that sum to 1 (cross-entropy), or nothing
 * @returns float32 scalar; 0 where nothing is picked
 */
export function choiceLoss(g: GraphBuilder, logits: Value, picked: Value, loss: ChoiceLoss): Value {
  const total =
    loss === "cross-entropy"
      ? neg(g, reduceSum(g, mul(g, logSoftmax(g, logits), picked)))
      : reduceSum(g, mul(g, binaryCrossEntropy(g, logits, picked), reduceSum(g, picked, [-1], true)));
  return div(g, total, max(g, reduceSum(g, picked), g.scalar(1)));
}

/** Element by element, in the form that never overflows. */
function binaryCrossEntropy(g: GraphBuilder, logits: Value, targets: Value): Value {
  const tail = log(g, add(g, g.scalar(1), exp(g, neg(g, abs(g, logits)))));
  return add(g, sub(g, relu(g, logits), mul(g, logits, targets)), tail);
}
