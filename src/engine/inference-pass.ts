import type { GraphBuilder } from "../graph/index.js";
import type { Pass } from "../nn/index.js";
import type { Executor } from "./executor.js";

/**
 * A forward pass without gradients or dropout, with ONNX Runtime's fused kernels where the device has them: WebGPU's fused
 * attention knows no padding.
 */
export function inferencePass(g: GraphBuilder, { device }: Pick<Executor, "device">): Pass {
  return { g, dropout: null, fused: device !== "webgpu", contribAttention: device !== "cpu" };
}
