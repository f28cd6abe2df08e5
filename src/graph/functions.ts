/**
 * Short names for the operators that models are written in.
 * @module
 */
import type { DType } from "../tensor.js";
import type { GraphBuilder } from "./builder.js";
import type { FusedMatMulAttrs, OpAttrs, OpType } from "./ops.js";
import type { Value } from "./value.js";

/** Names of operators that take no attributes. */
type Plain = { [K in OpType]: Record<never, never> extends OpAttrs[K] ? K : never }[OpType];

const unary =
  (op: Plain) =>
  (g: GraphBuilder, x: Value): Value =>
    g.emitOne(op, [x], {});
const binary =
  (op: Plain) =>
  (g: GraphBuilder, a: Value, b: Value): Value =>
    g.emitOne(op, [a, b], {});

export const add = binary("Add");
export const sub = binary("Sub");
export const mul = binary("Mul");
export const div = binary("Div");
export const min = binary("Min");
export const max = binary("Max");
export const equal = binary("Equal");
export const less = binary("Less");
export const greater = binary("Greater");
export const greaterOrEqual = binary("GreaterOrEqual");
export const xor = binary("BitwiseXor");
export const neg = unary("Neg");
export const abs = unary("Abs");
export const sqrt = unary("Sqrt");
export const reciprocal = unary("Reciprocal");
export const exp = unary("Exp");
export const log = unary("Log");
export const erf = unary("Erf");
export const sin = unary("Sin");
export const cos = unary("Cos");
export const tanh = unary("Tanh");
export const sigmoid = unary("Sigmoid");
export const relu = unary("Relu");
export const not = unary("Not");
export const shapeOf = unary("Shape");
export const stopGradient = unary("StopGradient");

export function gelu(g: GraphBuilder, x: Value, approximate: "none" | "tanh" = "none"): Value {
  return g.emitOne("Gelu", [x], { approximate });
}

/**
 * The exact {@link gelu} in pieces that its gradient reads again: slower than the one kernel, but cheaper together with
 * the gradient, which would compute them anew.
 */
export function geluWithGradient(g: GraphBuilder, x: Value): Value {
  const { scaled, cdf } = normalCdf(g, x);
  return g.emitOne("GeluProduct", [x, cdf, scaled], {});
}

/** Φ(x), the standard normal distribution's, and x/√2, of which it is made. */
export function normalCdf(g: GraphBuilder, x: Value): { readonly scaled: Value; readonly cdf: Value } {
  const scaled = mul(g, x, g.scalar(Math.SQRT1_2));
  // ½·erf + ½ in one pass: its values are within the range to which HardSigmoid clips.
  return { scaled, cdf: g.emitOne("HardSigmoid", [erf(g, scaled)], { alpha: 0.5, beta: 0.5 }) };
}

/** `condition ? a : b`, element by element. */
export function where(g: GraphBuilder, condition: Value, a: Value, b: Value): Value {
  return g.emitOne("Where", [condition, a, b], {});
}

export function cast(g: GraphBuilder, x: Value, to: DType): Value {
  return x.dtype === to ? x : g.emitOne("Cast", [x], { to });
}

/** `alpha · op(a) · op(b)` over the last two dimensions, where op swaps them if asked. */
export function matmul(g: GraphBuilder, a: Value, b: Value, options: Partial<FusedMatMulAttrs> = {}): Value {
  const { transA = false, transB = false, alpha = 1 } = options;
  if (!transA && !transB && alpha === 1) return g.emitOne("MatMul", [a, b], {});
  return g.emitOne("FusedMatMul", [a, b], { transA, transB, alpha });
}

/** Reshapes to constant dimensions; 0 copies the dimension at its place, −1 is derived. */
export function reshape(g: GraphBuilder, x: Value, ...dims: readonly number[]): Value {
  return g.emitOne("Reshape", [x, g.ints(...dims)], {});
}

/** Gives `x` the shape that `like` has when the graph runs. */
export function reshapeLike(g: GraphBuilder, x: Value, like: Value): Value {
  const dims = like.shape.every((dim) => typeof dim === "number")
    ? g.ints(...(like.shape as number[]))
    : shapeOf(g, like);
  return g.emitOne("Reshape", [x, dims], {});
}

/** Keeps one side of the diagonal of the last two dimensions, the diagonal included. */
export function triangle(g: GraphBuilder, x: Value, side: "lower" | "upper"): Value {
  return g.emitOne("Trilu", [x], { upper: side === "upper" });
}

export function transpose(g: GraphBuilder, x: Value, ...perm: readonly number[]): Value {
  return g.emitOne("Transpose", [x], { perm });
}

export function unsqueeze(g: GraphBuilder, x: Value, ...axes: readonly number[]): Value {
  return g.emitOne("Unsqueeze", [x, g.ints(...axes)], {});
}

export function squeeze(g: GraphBuilder, x: Value, ...axes: readonly number[]): Value {
  return g.emitOne("Squeeze", [x, g.ints(...axes)], {});
}

export function concat(g: GraphBuilder, values: readonly Value[], axis: number): Value {
  return values.length === 1 ? (values[0] as Value) : g.emitOne("Concat", values, { axis });
}

/** Elements `start` to `end` (exclusive) along one axis. */
export function slice(g: GraphBuilder, x: Value, axis: number, start: number, end: number): Value {
  return g.emitOne("Slice", [x, g.ints(start), g.ints(end), g.ints(axis)], {});
}

export function gather(g: GraphBuilder, data: Value, indices: Value, axis = 0): Value {
  return g.emitOne("Gather", [data, indices], { axis });
}

/**
 * Rows of a matrix `[rows, size]` in another order, `[…, size]`.
 *
 * @param rows which row stands where, integers `[…]`
 * @param inverse where each row stands among the places of `rows`, integers `[rows]`. Of a row that stands at several
 * places, only this one passes a gradient on.
 */
export function takeRows(g: GraphBuilder, x: Value, rows: Value, inverse: Value): Value {
  return g.emitOne("TakeRows", [x, rows, inverse], {});
}

export function softmax(g: GraphBuilder, x: Value, axis = -1): Value {
  return g.emitOne("Softmax", [x], { axis });
}

export function logSoftmax(g: GraphBuilder, x: Value, axis = -1): Value {
  return g.emitOne("LogSoftmax", [x], { axis });
}

/** Sums over the given axes, or over all. */
export function reduceSum(g: GraphBuilder, x: Value, axes?: readonly number[], keepdims = false): Value {
  return g.emitOne("ReduceSum", [x, g.ints(...(axes ?? x.shape.keys()))], { keepdims });
}

/** Sums squares over the given axes, or over all. */
export function reduceSumSquare(g: GraphBuilder, x: Value, axes?: readonly number[], keepdims = false): Value {
  return g.emitOne("ReduceSumSquare", [x, g.ints(...(axes ?? x.shape.keys()))], { keepdims });
}

export function reduceMean(g: GraphBuilder, x: Value, axes?: readonly number[], keepdims = false): Value {
  return g.emitOne("ReduceMean", [x, g.ints(...(axes ?? x.shape.keys()))], { keepdims });
}

/** Integer labels to rows with a single 1, as float32: `[…]` → `[…, depth]`. A label outside 0..depth−1 gives zeros. */
export function oneHot(g: GraphBuilder, labels: Value, depth: number): Value {
  const classes = g.constant({ dtype: "int32", shape: [depth], data: Int32Array.from({ length: depth }, (_, i) => i) });
  return cast(g, equal(g, unsqueeze(g, labels, labels.shape.length), classes), "float32");
}
