import { InferenceSession, Tensor } from "onnxruntime-node";
import type { DType, HostTensor } from "../tensor.js";
import type { Executor, GraphSource } from "../training/executor.js";
import type { Binding } from "./binding.js";
import { sessionOptions } from "./devices.js";
import { externalContents } from "./external.js";

/**
 * `onnxruntime-node`'s own binding, for every device. It copies every output to the host but those that are told to stay
 * in a buffer of the GPU, which it can only do with WebGPU's.
 */
export const nodeBinding: Binding<Tensor> = {
  writesInPlace: false,
  async open(source, device, threads) {
    const session = await InferenceSession.create(source.model, {
      ...sessionOptions(device, threads),
      ...stateLocation(source, device),
      externalData: await externalContents(source),
    });
    return {
      inputNames: session.inputNames,
      run: async (inputs, outputs) =>
        new Map(Object.entries(await session.run(Object.fromEntries(inputs), [...outputs.keys()]))),
      close: () => session.release(),
    };
  },
  wrap: ({ dtype, shape, data }) => new Tensor(dtype as "float32", data as Float32Array, shape),
  unwrap: async (tensor) => {
    const dtype = tensor.type as DType;
    const data = (await tensor.getData()) as Float32Array;
    // Newer Node versions hand out a Float16Array, which converts when it is copied: its bits are what is meant here.
    const bits = dtype === "float16" ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
    return { dtype, shape: tensor.dims, data: bits } as HostTensor;
  },
  release: (tensor) => {
    if (tensor.location === "gpu-buffer") tensor.dispose();
  },
};

/** Parameters and moments stay on the GPU from step to step; losses and logits come back. */
export function stateLocation(
  { updates = {} }: GraphSource,
  device: Executor["device"],
): Pick<InferenceSession.SessionOptions, "preferredOutputLocation"> {
  const names = Object.keys(updates);
  if (device !== "webgpu" || names.length === 0) return {};
  return { preferredOutputLocation: Object.fromEntries(names.map((name) => [name, "gpu-buffer"])) };
}
