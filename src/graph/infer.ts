/**
 * Shape and dtype of every operator's outputs, known the moment it is added.
 * @module
 */
import type { DType } from "../tensor.js";
import type { OpAttrs, OpType } from "./ops.js";
import { broadcastShapes, divideDims, multiplyDims, normalizeAxis } from "./shapes.js";
import { type Dim, type Shape, showShape, type Value } from "./value.js";

export interface OutputType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** What an inference rule sees: required operands by position, optional ones as null. */
class Operands {
  constructor(
    private readonly op: string,
    private readonly values: readonly (Value | null)[],
  ) {}

  at(i: number): Value {
    const value = this.values[i];
    if (!value) throw new Error(`${this.op}: operand ${i} is missing`);
    return value;
  }

  get all(): readonly Value[] {
    return this.values.map((_, i) => this.at(i));
  }

  ints(i: number): readonly number[] {
    const { literal } = this.at(i);
    if (!literal) throw new Error(`${this.op}: operand ${i} must be a constant list of integers`);
    return literal;
  }

  sameDtype(...positions: readonly number[]): DType {
    const first = this.at(positions[0] ?? 0).dtype;
    for (const i of positions) {
      if (this.at(i).dtype !== first)
        throw new Error(`${this.op}: operands of ${first} and ${this.at(i).dtype} do not mix`);
    }
    return first;
  }
}

type InferRule<K extends OpType> = (x: Operands, attrs: OpAttrs[K]) => readonly OutputType[];

const like = (x: Operands): readonly OutputType[] => [{ dtype: x.at(0).dtype, shape: x.at(0).shape }];
const broadcast = (x: Operands): readonly OutputType[] => [
  { dtype: x.sameDtype(0, 1), shape: broadcastShapes(x.at(0).shape, x.at(1).shape) },
];
const compare = (x: Operands): readonly OutputType[] => {
  x.sameDtype(0, 1);
  return [{ dtype: "bool", shape: broadcastShapes(x.at(0).shape, x.at(1).shape) }];
};
const alongAxis = (x: Operands, attrs: { readonly axis: number }): readonly OutputType[] => {
  normalizeAxis(attrs.axis, x.at(0).shape.length);
  return like(x);
};

function dropAxes(shape: Shape, axes: readonly number[], keepdims: boolean): Shape {
  const dropped = new Set(axes.map((axis) => normalizeAxis(axis, shape.length)));
  return keepdims ? shape.map((dim, i) => (dropped.has(i) ? 1 : dim)) : shape.filter((_, i) => !dropped.has(i));
}

const reduce = (x: Operands, attrs: { readonly keepdims: boolean }): readonly OutputType[] => [
  { dtype: x.at(0).dtype, shape: dropAxes(x.at(0).shape, x.ints(1), attrs.keepdims) },
];

function swapLast(shape: Shape, swap: boolean): Shape {
  return swap ? [...shape.slice(0, -2), shape.at(-1) as Dim, shape.at(-2) as Dim] : shape;
}

function product(a: Value, b: Value, transA: boolean, transB: boolean): OutputType {
  if (a.shape.length < 2 || b.shape.length < 2) throw new Error("MatMul: operands need at least two dimensions");
  const left = swapLast(a.shape, transA);
  const right = swapLast(b.shape, transB);
  if (left.at(-1) !== right.at(-2)) {
    throw new Error(`MatMul: inner dimensions of ${showShape(left)} and ${showShape(right)} differ`);
  }
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  return { dtype: a.dtype, shape: [...batch, left.at(-2) as Dim, right.at(-1) as Dim] };
}

/** The shape that a shape operand describes: a constant list (0 copies, −1 is derived) or the shape of a value. */
function targetShape(x: Operands, i: number, source: Shape): Shape {
  const target = x.at(i);
  if (target.producer?.op === "Shape") return (target.producer.inputs[0] as Value).shape;
  const resolved = x.ints(i).map((dim, axis) => (dim === 0 ? (source[axis] as Dim) : dim));
  const free = resolved.indexOf(-1);
  if (free < 0) return resolved;
  const rest = divideDims(
    source,
    resolved.filter((_, axis) => axis !== free),
  );
  if (rest === null) throw new Error(`Reshape: ${showShape(source)} does not fill ${showShape(resolved)}`);
  return resolved.map((dim, axis) => (axis === free ? rest : dim));
}

function inferConcat(x: Operands, attrs: { readonly axis: number }): readonly OutputType[] {
  const first = x.at(0);
  const axis = normalizeAxis(attrs.axis, first.shape.length);
  const dims = x.all.map(({ shape }) => {
    const rest = (s: Shape) => s.filter((_, i) => i !== axis).join();
    if (rest(shape) !== rest(first.shape))
      throw new Error(`Concat: ${showShape(shape)} beside ${showShape(first.shape)}`);
    return shape[axis] as Dim;
  });
  const known = dims.filter((dim) => typeof dim === "number");
  const total: Dim = known.length === dims.length ? known.reduce((sum, dim) => sum + dim, 0) : dims.join("+");
  return [{ dtype: first.dtype, shape: first.shape.map((dim, i) => (i === axis ? total : dim)) }];
}

function inferSlice(x: Operands): readonly OutputType[] {
  const [starts, ends, axes] = [x.ints(1), x.ints(2), x.ints(3)];
  const shape = [...x.at(0).shape];
  axes.forEach((axis, i) => {
    const at = normalizeAxis(axis, shape.length);
    const size = shape[at] as Dim;
    const [start, end] = [starts[i] as number, ends[i] as number];
    if (typeof size === "number") {
      const clamp = (n: number) => Math.max(0, Math.min(size, n < 0 ? n + size : n));
      shape[at] = Math.max(0, clamp(end) - clamp(start));
    } else {
      if (start < 0 || end < start || end > 2 ** 31)
        throw new Error(`Slice: bounds ${start}..${end} of the named dimension ${size}`);
      shape[at] = end - start;
    }
  });
  return [{ dtype: x.at(0).dtype, shape }];
}

const inferRules: { readonly [K in OpType]: InferRule<K> } = {
  Add: broadcast,
  Sub: broadcast,
  Mul: broadcast,
  Div: broadcast,
  Min: broadcast,
  Max: broadcast,
  Neg: like,
  Abs: like,
  Sqrt: like,
  Reciprocal: like,
  Exp: like,
  Log: like,
  Erf: like,
  Sin: like,
  Cos: like,
  Tanh: like,
  Sigmoid: like,
  Relu: like,
  HardSigmoid: like,
  Gelu: like,
  GeluProduct: like,
  Identity: like,
  StopGradient: like,
  Cast: (x, attrs) => [{ dtype: attrs.to, shape: x.at(0).shape }],
  Equal: compare,
  Less: compare,
  Greater: compare,
  GreaterOrEqual: compare,
  And: compare,
  Not: like,
  Where: (x) => [
    {
      dtype: x.sameDtype(1, 2),
      shape: broadcastShapes(x.at(0).shape, broadcastShapes(x.at(1).shape, x.at(2).shape)),
    },
  ],
  BitwiseXor: broadcast,
  BitShift: broadcast,
  MatMul: (x) => [product(x.at(0), x.at(1), false, false)],
  FusedMatMul: (x, attrs) => [product(x.at(0), x.at(1), attrs.transA, attrs.transB)],
  LayerNormalization: (x) => {
    const { shape } = x.at(0);
    const reduced: OutputType = { dtype: "float32", shape: [...shape.slice(0, -1), 1] };
    return [{ dtype: x.sameDtype(0, 1, 2), shape }, reduced, reduced];
  },
  Softmax: alongAxis,
  LogSoftmax: alongAxis,
  ReduceSum: reduce,
  ReduceMean: reduce,
  ReduceSumSquare: reduce,
  ReduceMax: reduce,
  ArgMax: (x, attrs) => [{ dtype: "int64", shape: dropAxes(x.at(0).shape, [attrs.axis], attrs.keepdims) }],
  Shape: (x) => [{ dtype: "int64", shape: [x.at(0).shape.length] }],
  Reshape: (x) => {
    const { dtype, shape: from } = x.at(0);
    const shape = targetShape(x, 1, from);
    if (multiplyDims(from) !== multiplyDims(shape)) {
      throw new Error(`Reshape: ${showShape(from)} and ${showShape(shape)} hold different numbers of elements`);
    }
    return [{ dtype, shape }];
  },
  Expand: (x) => {
    const { dtype, shape } = x.at(0);
    return [{ dtype, shape: broadcastShapes(shape, targetShape(x, 1, shape)) }];
  },
  Trilu: (x) => {
    if (x.at(0).shape.length < 2) throw new Error("Trilu: the operand needs at least two dimensions");
    return like(x);
  },
  Transpose: (x, { perm }) => {
    const { dtype, shape } = x.at(0);
    if (perm.length !== shape.length || new Set(perm).size !== perm.length) {
      throw new Error(`Transpose: permutation ${perm.join()} of ${showShape(shape)}`);
    }
    return [{ dtype, shape: perm.map((axis) => shape[normalizeAxis(axis, shape.length)] as Dim) }];
  },
  Unsqueeze: (x) => {
    const { dtype, shape } = x.at(0);
    const axes = new Set(x.ints(1).map((axis) => normalizeAxis(axis, shape.length + x.ints(1).length)));
    const rest = [...shape];
    return [
      {
        dtype,
        shape: Array.from({ length: shape.length + axes.size }, (_, i) => (axes.has(i) ? 1 : (rest.shift() as Dim))),
      },
    ];
  },
  Squeeze: (x) => {
    const { dtype, shape } = x.at(0);
    for (const axis of x.ints(1)) {
      if (shape.at(axis) !== 1) throw new Error(`Squeeze: dimension ${axis} of ${showShape(shape)} is not 1`);
    }
    return [{ dtype, shape: dropAxes(shape, x.ints(1), false) }];
  },
  Concat: inferConcat,
  Slice: inferSlice,
  Pad: (x) => {
    const { dtype, shape } = x.at(0);
    const pads = x.ints(1);
    const padded = shape.map((dim, i) => {
      const extra = (pads[i] as number) + (pads[i + shape.length] as number);
      if (extra === 0) return dim;
      if (typeof dim !== "number") throw new Error(`Pad: the named dimension ${dim} cannot grow`);
      return dim + extra;
    });
    return [{ dtype, shape: padded }];
  },
  Gather: (x, attrs) => {
    const [data, indices] = [x.at(0), x.at(1)];
    const axis = normalizeAxis(attrs.axis, data.shape.length);
    return [
      { dtype: data.dtype, shape: [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)] },
    ];
  },
  TakeRows: (x) => [{ dtype: x.at(0).dtype, shape: [...x.at(1).shape, ...x.at(0).shape.slice(1)] }],
  ScatterElements: (x) => {
    if (x.at(1).shape.join() !== x.at(2).shape.join())
      throw new Error("ScatterElements: indices and updates differ in shape");
    return like(x);
  },
  OneHot: (x, attrs) => {
    const [indices, depth] = [x.at(0).shape, x.ints(1)[0] as number];
    const axis = normalizeAxis(attrs.axis, indices.length + 1);
    return [{ dtype: x.at(2).dtype, shape: [...indices.slice(0, axis), depth, ...indices.slice(axis)] }];
  },
  Range: (x) => {
    const [start, limit, delta] = [x.ints(0)[0], x.ints(1)[0], x.ints(2)[0]] as [number, number, number];
    return [{ dtype: x.at(0).dtype, shape: [Math.max(0, Math.ceil((limit - start) / delta))] }];
  },
  NonZero: (x, { count }) => {
    if (x.at(0).shape.length !== 1) throw new Error("NonZero: the operand is not a list");
    return [{ dtype: "int64", shape: [1, count] }];
  },
  CumSum: like,
  ConstantOfShape: (x, attrs) => [{ dtype: attrs.dtype, shape: targetShape(x, 0, []) }],
  DynamicQuantizeLinear: (x) => [
    { dtype: "uint8", shape: x.at(0).shape },
    { dtype: "float32", shape: [] },
    { dtype: "uint8", shape: [] },
  ],
  MatMulInteger: (x) => [{ dtype: "int32", shape: product(x.at(0), x.at(1), false, false).shape }],
  Attention: attended,
  MultiHeadAttention: attended,
  DynamicQuantizeMatMul: (x) => [{ dtype: "float32", shape: product(x.at(0), x.at(1), false, false).shape }],
};

/** Of queries, keys and values `[batch, sequence, heads·size]`. */
function attended(x: Operands): readonly OutputType[] {
  const [query, value] = [x.at(0).shape, x.at(2).shape];
  return [{ dtype: x.sameDtype(0, 1, 2), shape: [query[0] as Dim, query[1] as Dim, value[2] as Dim] }];
}

/** Infers the outputs of one operator; throws when the operands do not fit. */
export function inferOutputs<K extends OpType>(
  op: K,
  inputs: readonly (Value | null)[],
  attrs: OpAttrs[K],
): readonly OutputType[] {
  return inferRules[op](new Operands(op, inputs), attrs);
}
