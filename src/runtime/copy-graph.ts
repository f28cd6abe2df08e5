import { GraphBuilder, toOnnx } from "../graph/index.js";
import type { DType } from "../tensor.js";

/** ONNX bytes of `y = x`: what brings a tensor of any shape with `rank` axes from one memory to another. */
export function copyGraph(dtype: DType, rank: number): Uint8Array {
  const g = new GraphBuilder();
  const x = g.input(
    "x",
    dtype,
    Array.from({ length: rank }, (_, axis) => `d${axis}`),
  );
  return toOnnx(g.build({ y: g.emitOne("Identity", [x], {}) }));
}
