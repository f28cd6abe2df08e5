/// <reference types="node" preserve="true" />
/**
 * ONNX graphs as values: built in TypeScript, differentiated, written as ONNX bytes. Imports no runtime.
 *
 * @example
 * import { backward, GraphBuilder, matmul, reduceSum, toOnnx } from "kadapter/graph";
 * const g = new GraphBuilder();
 * const weight = { name: "weight", shape: [3, 2], dtype: "float32", init: { kind: "constant", value: 1 } } as const;
 * const loss = reduceSum(g, matmul(g, g.input("x", "float32", ["batch", 3]), g.use(weight)));
 * const gradient = backward(g, loss, [weight]).get(weight)!;
 * const bytes = toOnnx(g.build({ loss, gradient }));
 * @module kadapter/graph
 */
export { backward, gradientsOf } from "./backward.js";
export { type Graph, GraphBuilder } from "./builder.js";
export * from "./functions.js";
export type { OpAttrs, OpType } from "./ops.js";
export { inRowBlocks, rowUnit, tallRows } from "./row-blocks.js";
export { type ParameterSource, type SerializeOptions, toOnnx } from "./serialize.js";
export type { Dim, Init, Node, Parameter, Shape, Value } from "./value.js";
