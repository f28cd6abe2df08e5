/**
 * One gradient rule an operator. In the formulas, dY is the gradient of an operator's output and dX the one of its
 * input; a rule may return a gradient of the operands' common, broadcast shape: the walker (`backward.ts`) sums it
 * down, once for all rules. Every rule is checked against numeric differentiation in `gradients.test.ts`.
 * @module
 */
import type { GraphBuilder } from "./builder.js";
import {
  add,
  cast,
  cos,
  div,
  exp,
  gather,
  greater,
  greaterOrEqual,
  less,
  matmul,
  mul,
  neg,
  normalCdf,
  not,
  reduceMean,
  reduceSum,
  reshape,
  reshapeLike,
  shapeOf,
  sin,
  sub,
  tanh,
  transpose,
  where,
} from "./functions.js";
import type { FusedMatMulAttrs, OpAttrs, OpType } from "./ops.js";
import { normalizeAxis } from "./shapes.js";
import { type Dim, showShape, type Value } from "./value.js";

/** What a gradient rule may use. */
export interface GradContext<K extends OpType> {
  readonly g: GraphBuilder;
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  /** Gradients of the outputs; null where nothing depends on an output. */
  readonly grads: readonly (Value | null)[];
  readonly attrs: OpAttrs[K];
  /** Whether anybody wants the gradient of operand i. */
  needs(i: number): boolean;
}

/** Gradients of the operands, by position; null for none. */
export type GradRule<K extends OpType> = (c: GradContext<K>) => readonly (Value | null)[];

/** The operands, the output and its gradient, for operators with one output. */
function parts<K extends OpType>(c: GradContext<K>) {
  return {
    g: c.g,
    a: c.inputs[0] as Value,
    b: c.inputs[1] as Value,
    y: c.outputs[0] as Value,
    dy: c.grads[0] as Value,
  };
}

const floats: ReadonlySet<string> = new Set(["float16", "float32", "float64"]);

type PartsOf = ReturnType<typeof parts>;

/** A rule for an operator of one operand: dX from dY, X and Y. */
const unary =
  <K extends OpType>(rule: (p: PartsOf) => Value): GradRule<K> =>
  (c) => [rule(parts(c))];

/** A rule for an operator of two operands; each side is only built when it is wanted. */
const binary =
  <K extends OpType>(left: (p: PartsOf) => Value, right: (p: PartsOf) => Value): GradRule<K> =>
  (c) => [c.needs(0) ? left(parts(c)) : null, c.needs(1) ? right(parts(c)) : null];

const zeroWhereNot = (p: PartsOf, condition: Value, dy = p.dy) => where(p.g, condition, dy, p.g.scalar(0));

/**
 * Y = α·op(A)·op(B).
 *   A  B :  dA = α·dY·Bᵀ    dB = α·Aᵀ·dY
 *   A  B':  dA = α·dY·B     dB = α·dYᵀ·A
 *   A' B :  dA = α·B·dYᵀ    dB = α·A·dY
 *   A' B':  dA = α·Bᵀ·dYᵀ   dB = α·dYᵀ·Aᵀ
 */
function matmulRule(c: GradContext<"FusedMatMul"> | GradContext<"MatMul">): readonly (Value | null)[] {
  const { g, a, b, dy } = parts(c as GradContext<"FusedMatMul">);
  const { transA, transB, alpha }: FusedMatMulAttrs = { transA: false, transB: false, alpha: 1, ...c.attrs };
  const gradA = () =>
    transA ? matmul(g, b, dy, { transA: transB, transB: true, alpha }) : matmul(g, dy, b, { transB: !transB, alpha });
  const gradB = () => {
    // A weight: one product over all rows, instead of a batch of products that is summed afterwards.
    if (b.shape.length === 2 && !transA) {
      const [rows, dRows] = [asRows(g, a), asRows(g, dy)];
      return transB ? sumOverRows(g, dRows, rows, alpha) : sumOverRows(g, rows, dRows, alpha);
    }
    return transB
      ? matmul(g, dy, a, { transA: true, transB: transA, alpha })
      : matmul(g, a, dy, { transA: !transA, alpha });
  };
  return [c.needs(0) ? gradA() : null, c.needs(1) ? gradB() : null];
}

const asRows = (g: GraphBuilder, x: Value) => (x.shape.length === 2 ? x : reshape(g, x, -1, x.shape.at(-1) as number));

/**
 * α·Lᵀ·R of matrices with as many rows each. ONNX Runtime's product transposes its left operand anew for each block of
 * columns; once beforehand is a tenth to a quarter faster on the CPU, and cheaper for the narrower operand.
 */
function sumOverRows(g: GraphBuilder, left: Value, right: Value, alpha: number): Value {
  const [m, n] = [left.shape[1], right.shape[1]];
  if (typeof m !== "number" || typeof n !== "number" || m <= n) {
    return matmul(g, transpose(g, left, 1, 0), right, { alpha });
  }
  return transpose(g, matmul(g, transpose(g, right, 1, 0), left, { alpha }), 1, 0);
}

/**
 * Y = x̂·γ + β with x̂ = (X − mean)·r, r = 1/√(var + ε):
 *   dβ = dY (summed by the walker), dγ = Σ dY·x̂, dx̂ = dY·γ,
 *   dX = r·(dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂))
 * Written with P = dY·(X − mean), of which dγ = rᵀ·P and mean(dx̂·(X − mean)) = P·γ/size are products.
 */
function layerNormRule(c: GradContext<"LayerNormalization">): readonly (Value | null)[] {
  const { g, a: x, b: gamma, dy } = parts(c);
  if (!c.needs(0) && !c.needs(1)) return [null, null, dy];
  const [, mean, invStd] = c.outputs as readonly [Value, Value, Value];
  const size = gamma.shape[0] as number;
  const centred = sub(g, x, mean);
  const product = mul(g, dy, centred);
  const gradGamma = () => reshape(g, matmul(g, reshape(g, invStd, 1, -1), asRows(g, product)), size);
  const gradX = () => {
    const scaled = mul(g, dy, gamma);
    const along = mul(g, matmul(g, product, reshape(g, gamma, size, 1)), g.scalar(1 / size));
    const projected = mul(g, centred, mul(g, mul(g, invStd, invStd), along));
    return mul(g, invStd, sub(g, sub(g, scaled, reduceMean(g, scaled, [-1], true)), projected));
  };
  return [c.needs(0) ? gradX() : null, c.needs(1) ? gradGamma() : null, c.needs(2) ? dy : null];
}

/** d gelu(x)/dx = Φ(x) + x·φ(x) with x·φ(x) = s·exp(−s²)/√π, s = x/√2. */
function geluSlope(g: GraphBuilder, cdf: Value, scaled: Value): Value {
  // exp(s²) may be infinite: the quotient is 0 then, as it should be.
  const quotient = div(g, scaled, exp(g, mul(g, scaled, scaled)));
  return add(g, cdf, mul(g, quotient, g.scalar(1 / Math.sqrt(Math.PI))));
}

/** By {@link geluSlope}, or the derivative of ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³). */
function geluRule(c: GradContext<"Gelu">): readonly (Value | null)[] {
  const { g, a: x, dy } = parts(c);
  const f = (n: number) => g.scalar(n);
  if (c.attrs.approximate === "none") {
    const { cdf, scaled } = normalCdf(g, x);
    return [mul(g, dy, geluSlope(g, cdf, scaled))];
  }
  const root = Math.sqrt(2 / Math.PI);
  const square = mul(g, x, x);
  const t = tanh(g, mul(g, mul(g, x, f(root)), add(g, mul(g, square, f(0.044715)), f(1))));
  const inner = add(g, mul(g, square, f(3 * 0.044715 * root)), f(root));
  const slope = mul(g, mul(g, x, sub(g, f(1), mul(g, t, t))), inner);
  return [mul(g, dy, mul(g, f(0.5), add(g, add(g, t, f(1)), slope)))];
}

/** Y = reduce(X): dY is put back to X's rank and expanded over the reduced axes, times `scale`. */
function expandReduced(p: PartsOf, axes: readonly number[], scale: number): Value {
  const { g, a: x, dy } = p;
  const rank = x.shape.length;
  const reduced = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
  const kept =
    dy.shape.length === rank ? dy : g.emitOne("Unsqueeze", [dy, g.ints(...[...reduced].sort((i, j) => i - j))], {});
  const scaled = scale === 1 ? kept : mul(g, kept, g.scalar(scale));
  return g.emitOne("Expand", [scaled, shapeOf(g, x)], {});
}

function reduceMeanRule(c: GradContext<"ReduceMean">): readonly (Value | null)[] {
  const p = parts(c);
  const axes = p.b.literal ?? [];
  const dims = axes.map((axis) => p.a.shape.at(axis) as Dim);
  const count = dims.reduce<number>((product, dim) => {
    if (typeof dim !== "number")
      throw new Error(`ReduceMean over the named dimension ${dim} has no gradient rule: divide a sum`);
    return product * dim;
  }, 1);
  return [expandReduced(p, axes, 1 / count), null];
}

/** Y = data[indices]: rows of dY are added up where their indices repeat. ScatterND loses updates when two threads run. */
function gatherRule(c: GradContext<"Gather">): readonly (Value | null)[] {
  const { g, a: data, b: indices, dy } = parts(c);
  const [rows, width] = data.shape;
  if (normalizeAxis(c.attrs.axis, data.shape.length) !== 0 || data.shape.length !== 2) {
    throw new Error(
      `Gather has a gradient rule for rows of a matrix only, not for axis ${c.attrs.axis} of ${showShape(data.shape)}`,
    );
  }
  const updates = reshape(g, dy, -1, width as number);
  const places = g.emitOne("Expand", [reshape(g, indices, -1, 1), shapeOf(g, updates)], {});
  const size = typeof rows === "number" ? g.ints(rows, width as number) : shapeOf(g, data);
  const zeros = g.emitOne("ConstantOfShape", [size], { value: 0, dtype: "float32" });
  return [g.emitOne("ScatterElements", [zeros, places, updates], { axis: 0, reduction: "add" }), null];
}

function concatRule(c: GradContext<"Concat">): readonly (Value | null)[] {
  const dy = c.grads[0] as Value;
  const axis = normalizeAxis(c.attrs.axis, dy.shape.length);
  let start = 0;
  return c.inputs.map((input, i) => {
    const size = (input as Value).shape[axis];
    if (typeof size !== "number") throw new Error(`Concat along the named dimension ${size} has no gradient rule`);
    const from = start;
    start += size;
    const { g } = c;
    return c.needs(i) ? g.emitOne("Slice", [dy, g.ints(from), g.ints(start), g.ints(axis)], {}) : null;
  });
}

/** Y = X[start..end]: dX is dY between zeros. */
function sliceRule(c: GradContext<"Slice">): readonly (Value | null)[] {
  const { g, a: x, dy } = parts(c);
  const rank = x.shape.length;
  const pads = new Array<number>(2 * rank).fill(0);
  (c.inputs[3]?.literal ?? []).forEach((axis, i) => {
    const at = normalizeAxis(axis, rank);
    const size = x.shape[at];
    if (typeof size !== "number") throw new Error(`Slice of the named dimension ${size} has no gradient rule`);
    const resolve = (n: number) => Math.max(0, Math.min(size, n < 0 ? n + size : n));
    pads[at] = resolve(c.inputs[1]?.literal?.[i] ?? 0);
    pads[at + rank] = size - resolve(c.inputs[2]?.literal?.[i] ?? size);
  });
  return [g.emitOne("Pad", [dy, g.ints(...pads), g.scalar(0)], {}), null, null, null];
}

/** The gradient of what a shape operator rearranged is the same elements in the old shape. */
const oldShape = <K extends OpType>(): GradRule<K> => unary(({ g, a, dy }) => reshapeLike(g, dy, a));
/** The walker sums a gradient of the broadcast shape down to the operand's. */
const passOn = <K extends OpType>(): GradRule<K> => unary(({ dy }) => dy);

/**
 * `"zero"`: no gradient flows (integers, comparisons, shapes). `"unsupported"`: asking for one is an error.
 */
export const gradRules: { readonly [K in OpType]: GradRule<K> | "zero" | "unsupported" } = {
  // Y = A + B: dA = dY, dB = dY
  Add: binary(
    ({ dy }) => dy,
    ({ dy }) => dy,
  ),
  // Y = A − B: dA = dY, dB = −dY
  Sub: binary(
    ({ dy }) => dy,
    ({ g, dy }) => neg(g, dy),
  ),
  // Y = A·B: dA = dY·B, dB = dY·A
  Mul: binary(
    ({ g, b, dy }) => mul(g, dy, b),
    ({ g, a, dy }) => mul(g, dy, a),
  ),
  // Y = A/B: dA = dY/B, dB = −dY·Y/B
  Div: binary(
    ({ g, b, dy }) => div(g, dy, b),
    ({ g, b, y, dy }) => neg(g, div(g, mul(g, dy, y), b)),
  ),
  // The operand that is chosen gets dY; the first one at a tie.
  Min: binary(
    (p) => zeroWhereNot(p, greaterOrEqual(p.g, p.b, p.a)),
    (p) => zeroWhereNot(p, less(p.g, p.b, p.a)),
  ),
  Max: binary(
    (p) => zeroWhereNot(p, greaterOrEqual(p.g, p.a, p.b)),
    (p) => zeroWhereNot(p, greater(p.g, p.b, p.a)),
  ),
  // dX = −dY
  Neg: unary(({ g, dy }) => neg(g, dy)),
  // dX = sign(X)·dY, 0 at 0
  Abs: unary((p) =>
    sub(p.g, zeroWhereNot(p, greater(p.g, p.a, p.g.scalar(0))), zeroWhereNot(p, less(p.g, p.a, p.g.scalar(0)))),
  ),
  // dX = dY/(2Y)
  Sqrt: unary(({ g, y, dy }) => div(g, mul(g, dy, g.scalar(0.5)), y)),
  // dX = −dY·Y²
  Reciprocal: unary(({ g, y, dy }) => neg(g, mul(g, dy, mul(g, y, y)))),
  // dX = dY·Y
  Exp: unary(({ g, y, dy }) => mul(g, dy, y)),
  // dX = dY/X
  Log: unary(({ g, a, dy }) => div(g, dy, a)),
  // dX = dY·2/√π·exp(−X²)
  Erf: unary(({ g, a, dy }) => mul(g, mul(g, dy, g.scalar(2 / Math.sqrt(Math.PI))), exp(g, neg(g, mul(g, a, a))))),
  // dX = dY·cos(X)
  Sin: unary(({ g, a, dy }) => mul(g, dy, cos(g, a))),
  // dX = −dY·sin(X)
  Cos: unary(({ g, a, dy }) => neg(g, mul(g, dy, sin(g, a)))),
  // dX = dY·(1 − Y²)
  Tanh: unary(({ g, y, dy }) => mul(g, dy, sub(g, g.scalar(1), mul(g, y, y)))),
  // dX = dY·Y·(1 − Y)
  Sigmoid: unary(({ g, y, dy }) => mul(g, dy, mul(g, y, sub(g, g.scalar(1), y)))),
  // dX = dY where X > 0
  Relu: unary((p) => zeroWhereNot(p, greater(p.g, p.a, p.g.scalar(0)))),
  // dX = α·dY where 0 < Y < 1
  HardSigmoid: (c) => {
    const p = parts(c);
    const scaled = mul(p.g, p.dy, p.g.scalar(c.attrs.alpha));
    return [zeroWhereNot(p, greater(p.g, p.y, p.g.scalar(0)), zeroWhereNot(p, less(p.g, p.y, p.g.scalar(1)), scaled))];
  },
  Gelu: geluRule,
  GeluProduct: (c) => {
    const { g, b: cdf, dy } = parts(c);
    return [mul(g, dy, geluSlope(g, cdf, c.inputs[2] as Value)), null, null];
  },
  Identity: passOn(),
  StopGradient: "zero",
  // dX = dY in X's dtype, between floating-point types
  Cast: (c) => {
    const { g, a, y, dy } = parts(c);
    return [floats.has(y.dtype) && floats.has(a.dtype) ? cast(g, dy, a.dtype) : null];
  },
  Equal: "zero",
  Less: "zero",
  Greater: "zero",
  GreaterOrEqual: "zero",
  And: "zero",
  Not: "zero",
  // Y = C ? A : B: dA = C ? dY : 0, dB = C ? 0 : dY
  Where: (c) => {
    const { g, a: condition, dy } = parts(c);
    return [
      null,
      c.needs(1) ? where(g, condition, dy, g.scalar(0)) : null,
      c.needs(2) ? where(g, not(g, condition), dy, g.scalar(0)) : null,
    ];
  },
  BitwiseXor: "zero",
  BitShift: "zero",
  MatMul: matmulRule,
  FusedMatMul: matmulRule,
  LayerNormalization: layerNormRule,
  // dX = Y·(dY − Σ dY·Y)
  Softmax: (c) => {
    const { g, y, dy } = parts(c);
    return [mul(g, y, sub(g, dy, reduceSum(g, mul(g, dy, y), [c.attrs.axis], true)))];
  },
  // dX = dY − exp(Y)·Σ dY
  LogSoftmax: (c) => {
    const { g, y, dy } = parts(c);
    return [sub(g, dy, mul(g, exp(g, y), reduceSum(g, dy, [c.attrs.axis], true)))];
  },
  ReduceSum: (c) => [expandReduced(parts(c), (c.inputs[1] as Value).literal ?? [], 1), null],
  ReduceMean: reduceMeanRule,
  // dX = 2·X·dY
  ReduceSumSquare: (c) => {
    const p = parts(c);
    return [mul(p.g, p.a, expandReduced(p, (c.inputs[1] as Value).literal ?? [], 2)), null];
  },
  ReduceMax: "unsupported",
  ArgMax: "zero",
  Shape: "zero",
  Reshape: oldShape(),
  Expand: passOn(),
  // What was kept gets its gradient.
  Trilu: (c) => [c.g.emitOne("Trilu", [c.grads[0] as Value], c.attrs)],
  Transpose: (c) => {
    const { g, dy } = parts(c);
    const inverse = c.attrs.perm.map((_, axis) => c.attrs.perm.indexOf(axis));
    return [transpose(g, dy, ...inverse)];
  },
  Unsqueeze: oldShape(),
  Squeeze: oldShape(),
  Concat: concatRule,
  Slice: sliceRule,
  Pad: "unsupported",
  Gather: gatherRule,
  // Y = X[rows]: dX = dY[inverse]
  TakeRows: (c) => {
    const { g, a: x, dy } = parts(c);
    return [gather(g, reshape(g, dy, -1, x.shape.at(-1) as number), c.inputs[2] as Value), null, null];
  },
  ScatterElements: "unsupported",
  OneHot: "zero",
  Range: "zero",
  NonZero: "zero",
  CumSum: "zero",
  ConstantOfShape: "zero",
  DynamicQuantizeLinear: "unsupported",
  MatMulInteger: "unsupported",
  Attention: "unsupported",
  MultiHeadAttention: "unsupported",
  DynamicQuantizeMatMul: "unsupported",
};
