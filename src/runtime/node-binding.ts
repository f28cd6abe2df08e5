import { InferenceSession, Tensor } from "onnxruntime-node";
import type { DType, HostTensor } from "../tensor.js";
import type { Binding } from "./binding.js";
import { sessionOptions } from "./devices.js";
import { externalContents } from "./external.js";

/** `onnxruntime-node`'s own binding: every device, but it copies every output, those in given buffers too. */
export const nodeBinding: Binding<Tensor> = {
  async open(source, device, threads) {
    const session = await InferenceSession.create(source.model, {
      ...sessionOptions(device, threads),
      externalData: await externalContents(source),
    });
    return {
      inputNames: session.inputNames,
      run: async (inputs, outputs) =>
        new Map(Object.entries(await session.run(Object.fromEntries(inputs), Object.fromEntries(outputs)))),
      close: () => session.release(),
    };
  },
  wrap: ({ dtype, shape, data }) => new Tensor(dtype as "float32", data as Float32Array, shape),
  unwrap: (tensor) => {
    const dtype = tensor.type as DType;
    const { data } = tensor as { data: Float32Array };
    // Newer Node versions hand out a Float16Array, which converts when it is copied: its bits are what is meant here.
    const bits = dtype === "float16" ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
    return { dtype, shape: tensor.dims, data: bits } as HostTensor;
  },
  release: () => undefined,
};
