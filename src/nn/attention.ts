/**
 * What attention may see, and attention itself, between projections that each model does its own way.
 * @module
 */
import {
  add,
  cast,
  type GraphBuilder,
  matmul,
  mul,
  reshape,
  softmax,
  squeeze,
  sub,
  transpose,
  triangle,
  unsqueeze,
  type Value,
} from "../graph/index.js";
import { drop, type Pass } from "./layers.js";

/** Which keys a query may see. */
export interface AttentionMask {
  /** int32 `[batch, sequence]`: 1 for a token, 0 for padding; null where `bias` hides more than padding. */
  readonly tokens: Value | null;
  /**
   * float32 `[batch, 1 or heads, 1 or queries, sequence]`, added to the scores: 0 for what is seen, −10000 for what is
   * not.
   */
  readonly bias: Value;
}

/** What hides: 1 becomes −10000 as in BERT's code, exp of which is 0 in float32. */
export function biasOf(g: GraphBuilder, hidden: Value): Value {
  return mul(g, hidden, g.scalar(-10000));
}

/**
 * The additive form of a mask, once for all layers.
 *
 * @param tokens int32 `[batch, sequence]`: 1 for a token, 0 for padding
 * @param causal whether a position sees only itself and what is before it
 */
export function attentionMask(g: GraphBuilder, tokens: Value, causal = false): AttentionMask {
  const keys = cast(g, tokens, "float32");
  if (!causal) return { tokens, bias: biasOf(g, sub(g, g.scalar(1), unsqueeze(g, keys, 1, 2))) };
  // The length is only known when the graph runs: a column of zeros makes it the number of queries, too.
  const queries = mul(g, unsqueeze(g, keys, 2), g.scalar(0));
  const seen = triangle(g, add(g, queries, unsqueeze(g, keys, 1)), "lower");
  return { tokens: null, bias: unsqueeze(g, biasOf(g, sub(g, g.scalar(1), seen)), 1) };
}

/**
 * A mask for some of the queries.
 *
 * @param select float32 `[batch, positions, sequence]`, each row with a single 1
 */
export function maskForQueries(g: GraphBuilder, mask: AttentionMask, select: Value): AttentionMask {
  if (mask.tokens) return mask;
  return { tokens: null, bias: unsqueeze(g, matmul(g, select, squeeze(g, mask.bias, 1)), 1) };
}

export interface AttentionOptions {
  readonly heads: number;
  /** Of the attention weights. */
  readonly dropout: number;
  /** Factor on the scores; 1/√(size of a head) by default. */
  readonly scale?: number;
}

/** `[batch, sequence, size]` → `[batch, heads, sequence, size / heads]` */
export function splitHeads(g: GraphBuilder, x: Value, heads: number): Value {
  return transpose(g, reshape(g, x, 0, 0, heads, (x.shape.at(-1) as number) / heads), 0, 2, 1, 3);
}

/**
 * `softmax(scale·q·kᵀ + mask)·v`, head by head (arXiv 1706.03762, §3.2).
 *
 * @param q `[batch, queries, size]`
 * @param k `[batch, sequence, size]`
 * @param v `[batch, sequence, size]`
 * @param mask null lets every position be seen
 * @returns `[batch, queries, size]`, and the weights `[batch, heads, queries, sequence]`, which the fused kernel keeps
 */
export function attend(
  pass: Pass,
  q: Value,
  k: Value,
  v: Value,
  mask: AttentionMask | null,
  { heads, dropout, scale }: AttentionOptions,
): { readonly context: Value; readonly weights: Value | null } {
  const { g } = pass;
  const size = q.shape.at(-1) as number;
  const alpha = scale ?? 1 / Math.sqrt(size / heads);
  if (pass.fused) {
    const padding = mask?.tokens ?? null;
    const bias = padding ? null : (mask?.bias ?? null);
    const inputs = [q, k, v, null, padding, bias];
    return { context: g.emitOne("MultiHeadAttention", inputs, { numHeads: heads, scale: alpha }), weights: null };
  }
  const scores = matmul(g, splitHeads(g, q, heads), splitHeads(g, k, heads), { transB: true, alpha });
  const weights = softmax(g, mask ? add(g, scores, mask.bias) : scores);
  const context = matmul(g, drop(pass, weights, dropout), splitHeads(g, v, heads));
  return { context: reshape(g, transpose(g, context, 0, 2, 1, 3), 0, 0, size), weights };
}
