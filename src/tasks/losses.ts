import {
  add,
  cast,
  div,
  exp,
  type GraphBuilder,
  greaterOrEqual,
  log,
  logSoftmax,
  max,
  mul,
  neg,
  oneHot,
  reduceSum,
  relu,
  stopGradient,
  sub,
  type Value,
} from "../graph/index.js";
import type { choiceLosses } from "../settings/choices.js";
import type { HostTensor } from "../tensor.js";

/** How one of several candidates is learnt. */
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
      : reduceSum(g, mul(g, binaryCrossEntropies(g, logits, picked), reduceSum(g, picked, [-1], true)));
  return div(g, total, max(g, reduceSum(g, picked), g.scalar(1)));
}

/**
 * Element by element: softplus(x) − x·t, with the larger exponent m = max(x, 0) taken out so that nothing overflows:
 * softplus(x) = log(e^−m + e^(x−m)) + m.
 */
function binaryCrossEntropies(g: GraphBuilder, logits: Value, targets: Value): Value {
  const top = stopGradient(g, relu(g, logits));
  const softplus = add(g, log(g, add(g, exp(g, neg(g, top)), exp(g, sub(g, logits, top)))), top);
  return sub(g, softplus, mul(g, logits, targets));
}

/**
 * Mean binary cross-entropy over the labels that count, as PyTorch's BCEWithLogitsLoss. A label below 0 is ignored.
 *
 * @param logits `[…]`
 * @param labels float32 `[…]`: 1, 0, or below 0
 * @returns float32 scalar
 */
export function binaryCrossEntropy(g: GraphBuilder, logits: Value, labels: Value): Value {
  const counts = cast(g, greaterOrEqual(g, labels, g.scalar(0)), "float32");
  const total = reduceSum(g, mul(g, binaryCrossEntropies(g, logits, labels), counts));
  return div(g, total, max(g, reduceSum(g, counts), g.scalar(1)));
}
