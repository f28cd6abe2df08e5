import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Executor, GraphSource } from "../engine/executor.js";
import { setting, userError } from "../errors.js";
import { type DType, type HostTensor, zeroTensor } from "../tensor.js";
import type { Binding } from "./binding.js";
import { copyGraph } from "./copy-graph.js";
import { sessionOptions } from "./devices.js";
import { externalContents } from "./external.js";

/**
 * `onnxruntime-node`'s own binding, for every device. It copies every output to the host except those that are told to
 * stay in a buffer of the GPU, which works with WebGPU only.
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
      run: async (inputs, outputs) => {
        const results = await session.run(Object.fromEntries(inputs), [...outputs.keys()]).catch(explained);
        return new Map(Object.entries(results));
      },
      close: () => session.release(),
    };
  },
  wrap: ({ dtype, shape, data }) => new Tensor(dtype as "float32", data as Float32Array, shape),
  keep: (tensor) => nodeBinding.wrap(tensor),
  zeros: (types) => types.map((type) => nodeBinding.wrap(zeroTensor(type))),
  unwrap: async (tensor) => {
    const dtype = tensor.type as DType;
    const { data } = (tensor.location === "gpu-buffer" ? await fromGpu(tensor) : tensor) as { data: Float32Array };
    // Newer Node versions hand out a Float16Array, which converts when it is copied: its bits are what is meant here.
    const bits = dtype === "float16" ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
    return { dtype, shape: tensor.dims, data: bits } as HostTensor;
  },
  release: (tensor) => {
    if (tensor.location === "gpu-buffer") tensor.dispose();
  },
};

/** Says what to do where a GPU lacks what a graph needs. */
function explained(error: unknown): never {
  if (!(error instanceof Error) || !/requires f16 but the device does not support it/.test(error.message)) throw error;
  throw userError({
    where: setting("device", "webgpu"),
    what: "this GPU has no 16-bit floats",
    fix: `choose ${setting("cacheDtype", "float32")}`,
  });
}

const copies = new Map<string, Promise<InferenceSession>>();

/** `getData` of a buffer on the GPU ends the process with "not implemented"; a graph that copies its input brings it back. */
async function fromGpu(tensor: Tensor): Promise<Tensor> {
  const { type, dims } = tensor;
  const key = `${type} ${dims.length}`;
  const copy =
    copies.get(key) ?? InferenceSession.create(copyGraph(type as DType, dims.length), sessionOptions("webgpu", 1));
  copies.set(key, copy);
  return (await (await copy).run({ x: tensor }))["y"] as Tensor;
}

/** Parameters and moments stay on the GPU from step to step; losses and logits come back. */
function stateLocation(
  { updates = {} }: GraphSource,
  device: Executor["device"],
): Pick<InferenceSession.SessionOptions, "preferredOutputLocation"> {
  const names = Object.keys(updates);
  if (device !== "webgpu" || names.length === 0) return {};
  return { preferredOutputLocation: Object.fromEntries(names.map((name) => [name, "gpu-buffer"])) };
}
