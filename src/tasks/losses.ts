import { div, type GraphBuilder, logSoftmax, max, mul, neg, oneHot, reduceSum, type Value } from "../graph/index.js";

/**
 * Mean cross-entropy over the labels that count. A label below 0 (−100 by custom) is ignored; a batch in which all are
 * ignored has loss 0 instead of NaN.
 *
 * @param logits `[…, classes]`
 * @param labels int32 `[…]`
 * @returns float32 scalar
 */
export function crossEntropy(g: GraphBuilder, logits: Value, labels: Value): Value {
  const classes = logits.shape.at(-1);
  if (typeof classes !== "number") throw new Error("the number of classes must be known");
  const picked = oneHot(g, labels, classes);
  const total = neg(g, reduceSum(g, mul(g, logSoftmax(g, logits), picked)));
  return div(g, total, max(g, reduceSum(g, picked), g.scalar(1)));
}
