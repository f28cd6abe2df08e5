import type { DType } from "../tensor.js";
import type { OpAttrs, OpType } from "./ops.js";

/**
 * One dimension: a number, or a name when only the run knows it ("batch", "sequence", "batch*sequence").
 * Equal names mean equal sizes.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** A tensor in a graph. Values are immutable; a value without a producer is an input, a parameter or a constant. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly producer: Node | null;
  /** The elements of a small integer constant; shape inference reads them (axes, targets of Reshape …). */
  readonly literal?: readonly number[];
}

/** One operator application. */
export interface Node<K extends OpType = OpType> {
  readonly op: K;
  readonly name: string;
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attrs: OpAttrs[K];
}

/** How a fresh parameter is filled; see `nn/init.ts`. */
export type Init =
  | { readonly kind: "normal"; readonly std: number }
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "constant"; readonly value: number }
  /** A square matrix with ones on its diagonal. */
  | { readonly kind: "identity" };

/** A named, learnable tensor. It is a plain description: several graphs (training, evaluation) can bind the same one. */
export interface Parameter {
  /** The name in the weight file, e.g. `encoder.layer.0.attention.self.query.weight`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** What is learnt is float32; the others are a frozen weight's rounded and quantised forms. */
  readonly dtype: "float32" | "float16" | "int8";
  readonly init: Init;
}

/** Prints a shape for an error message: `[batch, 12, 64]`. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
