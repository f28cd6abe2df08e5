import type { InferenceSession, Tensor } from "onnxruntime-web";
import type { Executor, GraphSource } from "../../engine/executor.js";
import { type DType, type HostTensor, type TensorType, zeroTensor } from "../../tensor.js";
import type { Binding, BoundSession } from "../binding.js";
import { externalContents } from "../external.js";

/** What is used of `onnxruntime-web`, of whichever of its builds. */
export type OrtWeb = Pick<typeof import("onnxruntime-web"), "InferenceSession" | "Tensor" | "env">;

/**
 * `onnxruntime-web`. Its WebAssembly has memory of its own, so inputs and outputs are copied; outputs that replace state
 * are copied to where the state lies, and AdamW works on them there.
 */
export class WebBinding implements Binding<Tensor> {
  readonly writesInPlace = true;

  constructor(private readonly ort: OrtWeb) {}

  async open(source: GraphSource, device: Executor["device"], threads: number): Promise<BoundSession<Tensor>> {
    const { env } = this.ort;
    env.wasm.numThreads = threads;
    env.logLevel = "fatal";
    const session = await this.ort.InferenceSession.create(source.model, {
      executionProviders: [device === "webgpu" ? "webgpu" : "wasm"],
      graphOptimizationLevel: "all",
      logSeverityLevel: 4,
      // Batches have many shapes: see `usesMemoryPatterns` of devices.ts.
      enableMemPattern: false,
      externalData: await externalContents(source),
    });
    return {
      inputNames: session.inputNames,
      run: (inputs, outputs) => runInto(session, inputs, outputs),
      close: () => session.release(),
    };
  }

  wrap({ dtype, shape, data }: HostTensor): Tensor {
    return new this.ort.Tensor(dtype as "float32", data as Float32Array, shape);
  }

  keep(tensor: HostTensor): Tensor {
    return this.wrap(tensor);
  }

  zeros(types: readonly TensorType[]): readonly Tensor[] {
    return types.map((type) => this.wrap(zeroTensor(type)));
  }

  unwrap({ type, dims, data }: Tensor): HostTensor {
    const dtype = type as DType;
    return { dtype, shape: dims, data: dtype === "float16" ? bitsOf(data) : data } as HostTensor;
  }

  release(): void {
    // Values lie in JavaScript's own memory.
  }
}

async function runInto(
  session: InferenceSession,
  inputs: ReadonlyMap<string, Tensor>,
  outputs: ReadonlyMap<string, Tensor | null>,
): Promise<ReadonlyMap<string, Tensor>> {
  const results = await session.run(Object.fromEntries(inputs), [...outputs.keys()]);
  const placed = [...outputs].map(([name, place]) => {
    const made = results[name] as Tensor;
    if (!place) return [name, made] as const;
    bytesIn(place).set(bytesIn(made));
    return [name, place] as const;
  });
  return new Map(placed);
}

const bytesIn = ({ data }: Tensor): Uint8Array => {
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
};

/** Newer browsers hand out a Float16Array, which converts when it is copied: its bits are what is meant. */
function bitsOf(data: Tensor["data"]): Uint16Array {
  const { buffer, byteOffset, length } = data as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}
