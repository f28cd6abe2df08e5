/**
 * Every operator that a graph of this project may hold, with its attributes. The tables for shape inference
 * (`infer.ts`) and gradients (`gradients.ts`) are total over {@link OpType}: adding an operator here without its
 * entries there is a compile error.
 * Semantics: ONNX operator set 21 (https://onnx.ai/onnx/operators/) and com.microsoft version 1 (ONNX Runtime's
 * docs/ContribOperators.md).
 * @module
 */
import type { DType } from "../tensor.js";

export const onnxOpset = 21;
/** The first version that an operator is part of, where it came later. */
export const laterOps: Readonly<Partial<Record<OpType, number>>> = { Attention: 23 };
export const microsoftOpset = 1;

export type NoAttrs = Readonly<Record<never, never>>;
export interface AxisAttrs {
  readonly axis: number;
}
export interface ReduceAttrs {
  readonly keepdims: boolean;
}
export interface FusedMatMulAttrs {
  /** Whether the last two dimensions of the first operand are swapped before the product. */
  readonly transA: boolean;
  readonly transB: boolean;
  /** Factor on the product. */
  readonly alpha: number;
}

export interface OpAttrs {
  // Elementwise, two operands that broadcast.
  Add: NoAttrs;
  Sub: NoAttrs;
  Mul: NoAttrs;
  Div: NoAttrs;
  Min: NoAttrs;
  Max: NoAttrs;
  // Elementwise, one operand.
  Neg: NoAttrs;
  Abs: NoAttrs;
  Sqrt: NoAttrs;
  Reciprocal: NoAttrs;
  Exp: NoAttrs;
  Log: NoAttrs;
  Erf: NoAttrs;
  Sin: NoAttrs;
  Cos: NoAttrs;
  Tanh: NoAttrs;
  Sigmoid: NoAttrs;
  Relu: NoAttrs;
  /** max(0, min(1, αx + β)) */
  HardSigmoid: { readonly alpha: number; readonly beta: number };
  Gelu: { readonly approximate: "none" | "tanh" };
  /** x·Φ(x), given x, Φ(x) and x/√2, which the gradient reads again; a Mul of the first two in the ONNX file. */
  GeluProduct: NoAttrs;
  Identity: NoAttrs;
  /** Passes its operand on, but no gradient back; an Identity in the ONNX file. */
  StopGradient: NoAttrs;
  Cast: { readonly to: DType };
  // Comparison, logic, bits.
  Equal: NoAttrs;
  Less: NoAttrs;
  Greater: NoAttrs;
  GreaterOrEqual: NoAttrs;
  And: NoAttrs;
  Not: NoAttrs;
  Where: NoAttrs;
  BitwiseXor: NoAttrs;
  BitShift: { readonly direction: "LEFT" | "RIGHT" };
  // Products.
  MatMul: NoAttrs;
  FusedMatMul: FusedMatMulAttrs;
  // Normalisation along the last axis; outputs Y, Mean, InvStdDev.
  LayerNormalization: { readonly epsilon: number };
  Softmax: AxisAttrs;
  LogSoftmax: AxisAttrs;
  // Reductions; the axes are the second input.
  ReduceSum: ReduceAttrs;
  ReduceMean: ReduceAttrs;
  ReduceSumSquare: ReduceAttrs;
  ReduceMax: ReduceAttrs;
  ArgMax: AxisAttrs & ReduceAttrs;
  // Shape and movement.
  Shape: NoAttrs;
  Reshape: NoAttrs;
  Expand: NoAttrs;
  /** The triangle of the last two dimensions on one side of the diagonal, the diagonal included; 0 elsewhere. */
  Trilu: { readonly upper: boolean };
  Transpose: { readonly perm: readonly number[] };
  Unsqueeze: NoAttrs;
  Squeeze: NoAttrs;
  Concat: AxisAttrs;
  Slice: NoAttrs;
  Pad: NoAttrs;
  Gather: AxisAttrs;
  /**
   * Rows of a matrix, by a list of which the third operand is the inverse: the gradient is a look-up, too. A Gather in
   * the ONNX file.
   */
  TakeRows: NoAttrs;
  ScatterElements: AxisAttrs & { readonly reduction: "none" | "add" };
  OneHot: AxisAttrs;
  Range: NoAttrs;
  /** Places of a list that do not hold 0, `[1, count]`; `count` names the dimension, whose length only the run knows. */
  NonZero: { readonly count: string };
  CumSum: NoAttrs;
  ConstantOfShape: { readonly value: number; readonly dtype: "float32" | "int64" };
  // Products of 8-bit integers, for inference only.
  /** A float32 tensor as uint8 with one scale and zero point for all of it. */
  DynamicQuantizeLinear: NoAttrs;
  /** uint8 × int8 → int32; the third operand is the first one's zero point. */
  MatMulInteger: NoAttrs;
  // Fused kernels of ONNX Runtime, for inference only.
  Attention: { readonly numHeads: number; readonly scale: number };
  MultiHeadAttention: { readonly numHeads: number; readonly scale: number };
  DynamicQuantizeMatMul: NoAttrs;
}

export type OpType = keyof OpAttrs;

/** Operators that live in ONNX Runtime's own domain. */
export const microsoftOps: ReadonlySet<OpType> = new Set<OpType>([
  "FusedMatMul",
  "MultiHeadAttention",
  "DynamicQuantizeMatMul",
]);
