/**
 * What attention may see, and attention itself, between projections that each model does its own way.
 * @module
 */
import {
  add,
  cast,
  type Dim,
  type GraphBuilder,
  matmul,
  mul,
  reduceSum,
  reshape,
  softmax,
  squeeze,
  sub,
  transpose,
  triangle,
  unsqueeze,
  type Value,
} from "../graph/index.js";
import { drop, type Linear, type Pass } from "./layers.js";
import type { Packing } from "./packing.js";

/** Which keys a query may see. */
export interface AttentionMask {
  /** int32 `[batch, sequence]`: 1 for a token, 0 for padding; null where `bias` hides more than padding. */
  readonly tokens: Value | null;
  /**
   * float32 `[batch, 1 or heads, 1 or queries, sequence]`, added to the scores: 0 for what is seen, −10000 for what is
   * not.
   */
  readonly bias: Value;
  /** `bias` with a row for each position as a query, where it has one for all: ONNX's attention wants it so. */
  readonly square?: Value;
  /** Present where the positions that attend are packed, `[tokens, …]`: the way to the padded form that is masked here. */
  readonly packing?: Packing | null;
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
  // The length is only known when the graph runs: a column of zeros makes it the number of queries, too.
  const queries = mul(g, unsqueeze(g, keys, 2), g.scalar(0));
  if (!causal) {
    const bias = biasOf(g, sub(g, g.scalar(1), unsqueeze(g, keys, 1, 2)));
    return { tokens, bias, square: add(g, bias, unsqueeze(g, queries, 1)) };
  }
  const seen = triangle(g, add(g, queries, unsqueeze(g, keys, 1)), "lower");
  return { tokens: null, bias: unsqueeze(g, biasOf(g, sub(g, g.scalar(1), seen)), 1) };
}

/**
 * The input that picks positions of each text, for {@link atPositions}.
 *
 * @param positions how many
 * @returns float32 `[batch, positions, sequence]`, each row with a single 1
 */
export function selectInput(g: GraphBuilder, positions: Dim): Value {
  return g.input("select", "float32", ["batch", positions, "sequence"]);
}

/**
 * What stands at chosen positions of `[batch, sequence, …]`: `[batch, positions, …]`.
 *
 * @param select float32 `[batch, positions, sequence]`, each row with a single 1; null for all positions
 */
export function atPositions(g: GraphBuilder, x: Value, select: Value | null): Value {
  return select ? matmul(g, select, x) : x;
}

/**
 * A mask for some of the queries, none of them packed.
 *
 * @param select float32 `[batch, positions, sequence]`, each row with a single 1
 */
export function maskForQueries(g: GraphBuilder, mask: AttentionMask, select: Value): AttentionMask {
  if (mask.tokens) return { tokens: mask.tokens, bias: mask.bias };
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
function splitHeads(g: GraphBuilder, x: Value, heads: number): Value {
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
  if (pass.fused && !pass.plainAttention)
    return { context: attendFused(pass, q, k, v, mask, { heads, scale: alpha }), weights: null };
  const scores = matmul(g, splitHeads(g, q, heads), splitHeads(g, k, heads), { transB: true, alpha });
  const weights = softmax(g, mask ? add(g, scores, mask.bias) : scores);
  const context = matmul(g, drop(pass, weights, dropout), splitHeads(g, v, heads));
  return { context: reshape(g, transpose(g, context, 0, 2, 1, 3), 0, 0, size), weights };
}

/**
 * ONNX's own attention where it knows the mask: it takes half the time of ONNX Runtime's older kernel for short texts and
 * no more for long ones (1.8 against 3.8 ms for 12 × 43 tokens of 16 heads).
 */
function attendFused(
  { g, contribAttention = false }: Pass,
  q: Value,
  k: Value,
  v: Value,
  mask: AttentionMask | null,
  { heads, scale }: { readonly heads: number; readonly scale: number },
): Value {
  const bias = mask ? biasForQueries(mask, q, k) : null;
  if (!contribAttention && (bias || !mask)) return g.emitOne("Attention", [q, k, v, bias], { numHeads: heads, scale });
  const padding = mask?.tokens ?? null;
  const inputs = [q, k, v, null, padding, padding ? null : (mask?.bias ?? null)];
  return g.emitOne("MultiHeadAttention", inputs, { numHeads: heads, scale });
}

/** A mask's bias with a row for each query, or null where it has none of that form. */
function biasForQueries({ bias, square }: AttentionMask, q: Value, k: Value): Value | null {
  const queries = q.shape[1];
  if (bias.shape[2] === queries) return bias;
  return square && queries === k.shape[1] ? square : null;
}

/** From so many queries per text on, projecting keys and values of every position costs less than {@link attendFromFew}. */
const fewQueries = 4;

/** Whether a text has so few queries, whatever its length, that {@link attendFromFew} is the cheaper way. */
export function hasFewQueries(queries: Value): boolean {
  const positions = queries.shape.at(-2);
  return typeof positions === "number" && positions <= fewQueries;
}

/** `[batch, positions, heads·size]` → `[heads, batch·positions, size]` */
function rowsOfHeads(g: GraphBuilder, x: Value, heads: number): Value {
  const size = (x.shape.at(-1) as number) / heads;
  return reshape(g, transpose(g, reshape(g, x, 0, 0, heads, size), 2, 0, 1, 3), heads, -1, size);
}

/** `[heads, batch·positions, size]` → `[batch, heads·positions, size]` */
function rowsOfTexts(g: GraphBuilder, x: Value, positions: number): Value {
  const [heads, , size] = x.shape as readonly [number, unknown, number];
  return reshape(g, transpose(g, reshape(g, x, heads, -1, positions, size), 1, 0, 2, 3), 0, heads * positions, size);
}

/**
 * {@link attend} for few queries, without projecting every position: the key's projection moves to the queries and the
 * value's behind the weighted mean, `q·(W_k·x)ᵀ = (q·W_k)·xᵀ` and `w·(W_v·x) = (w·x)·W_vᵀ` head by head.
 *
 * @param q projected queries, `[batch, positions, size]`; the number of positions is known
 * @param x what keys and values are projected from, `[batch, sequence, hidden]`
 * @returns as {@link attend}
 */
export function attendFromFew(
  pass: Pass,
  q: Value,
  x: Value,
  { key, value }: { readonly key: Linear; readonly value: Linear },
  mask: AttentionMask | null,
  { heads, dropout, scale }: AttentionOptions,
): { readonly context: Value; readonly weights: Value } {
  const { g } = pass;
  const [, positions, size] = q.shape as readonly [unknown, number, number];
  const head = size / heads;
  const hidden = x.shape.at(-1) as number;
  const alpha = scale ?? 1 / Math.sqrt(head);
  const ofHeads = (linear: Linear) => reshape(g, g.use(linear.weight), heads, head, hidden);

  const queries = rowsOfHeads(g, q, heads);
  const moved = rowsOfTexts(g, matmul(g, queries, ofHeads(key)), positions);
  const offset = matmul(g, queries, reshape(g, g.use(key.bias), heads, head, 1), { alpha });
  const products = add(g, matmul(g, moved, x, { transB: true, alpha }), rowsOfTexts(g, offset, positions));
  const scores = reshape(g, products, 0, heads, positions, -1);
  const weights = softmax(g, mask ? add(g, scores, mask.bias) : scores);

  const kept = drop(pass, weights, dropout);
  const toHeads = (rows: Value) => reshape(g, transpose(g, rows, 1, 0, 2, 3), heads, -1, rows.shape.at(-1) as number);
  const mean = matmul(g, reshape(g, kept, 0, heads * positions, -1), x);
  const projected = matmul(g, toHeads(reshape(g, mean, 0, heads, positions, hidden)), ofHeads(value), { transB: true });
  // Weights that dropout has thinned do not add up to 1, so the bias takes part in the mean.
  const total = matmul(g, toHeads(reduceSum(g, kept, [-1], true)), reshape(g, g.use(value.bias), heads, 1, head));
  const context = reshape(g, add(g, projected, total), heads, -1, positions, head);
  return { context: reshape(g, transpose(g, context, 1, 2, 0, 3), 0, 0, size), weights };
}
