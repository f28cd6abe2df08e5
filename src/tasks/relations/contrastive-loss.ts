import {
  cast,
  div,
  equal,
  type GraphBuilder,
  greaterOrEqual,
  logSoftmax,
  matmul,
  max,
  mul,
  neg,
  reduceSum,
  reduceSumSquare,
  sqrt,
  sub,
  unsqueeze,
  type Value,
} from "../../graph/index.js";

/** Rows of length 1: `[batch, size]`. A row of zeros stays one. */
export function unitRows(g: GraphBuilder, x: Value): Value {
  return div(g, x, sqrt(g, max(g, reduceSumSquare(g, x, [-1], true), g.scalar(1e-12))));
}

/** Where two of a batch's values are the same: int32 `[batch]` → float32 `[batch, batch]`. */
function sameAs(g: GraphBuilder, values: Value): Value {
  return cast(g, equal(g, unsqueeze(g, values, 1), unsqueeze(g, values, 0)), "float32");
}

/**
 * The supervised contrastive loss (Khosla et al. 2020, arXiv 2004.11362, L_out): examples of a class are drawn together,
 * away from all others of the batch.
 *
 *     L_i = −1/|P(i)| Σ_{p ∈ P(i)} log( exp(z_i·z_p/τ) / Σ_{k ≠ i} exp(z_i·z_k/τ) ),   P(i): others of i's class
 *
 * @param z rows of length 1, `[batch, size]`
 * @param labels int32 `[batch]`; below 0: of no class, so only something to be told apart from
 * @param rows int32 `[batch]`: 0, 1, 2 …
 * @returns the mean over the examples that are not alone in their class; 0 where all are
 */
export function supervisedContrastive(
  g: GraphBuilder,
  z: Value,
  { labels, rows, temperature }: { readonly labels: Value; readonly rows: Value; readonly temperature: number },
): Value {
  const self = sameAs(g, rows);
  const known = cast(g, greaterOrEqual(g, labels, g.int32(0)), "float32");
  const positives = mul(g, sub(g, sameAs(g, labels), self), unsqueeze(g, known, 1));
  // An example is no candidate for itself: its own product is put out of reach of the softmax.
  const similar = sub(g, matmul(g, z, z, { transB: true, alpha: 1 / temperature }), mul(g, self, g.scalar(1e4)));
  const perRow = neg(g, reduceSum(g, mul(g, logSoftmax(g, similar), positives), [-1]));
  const others = reduceSum(g, positives, [-1]);
  const counted = cast(g, greaterOrEqual(g, others, g.scalar(1)), "float32");
  const one = g.scalar(1);
  return div(g, reduceSum(g, div(g, perRow, max(g, others, one))), max(g, reduceSum(g, counted), one));
}
