import type { Executor, GraphSource } from "../engine/executor.js";
import { type HostTensor, type TensorType, zeroTensor } from "../tensor.js";
import { arenaAllocator, CBinding, CSession, type CValue, cStrings, defaultMemory, elementType } from "./c-binding.js";
import { copyGraph } from "./copy-graph.js";
import type { Pointer } from "./ort-library.js";

/**
 * Options of the provider: products in float32 as on the CPU, not in TensorFloat-32's 10 bits, and no more memory than is
 * asked for.
 */
const providerOptions = { use_tf32: "0", arena_extend_strategy: "kSameAsRequested" };

/**
 * An NVIDIA GPU through ONNX Runtime's C interface: parameters and moments stay in its memory from step to step and are
 * written in place; only what is fed and fetched travels. `onnxruntime-node`'s own binding would bring all of them to the
 * host and back, each step.
 */
export class CudaBinding extends CBinding {
  /** ONNX Runtime's name of the memory that values are kept in. */
  protected readonly memoryName: string = "Cuda";
  /** Sessions that copy, by dtype and rank. */
  private readonly copiers = new Map<string, Promise<CSession>>();
  private allocator: Promise<Pointer> | null = null;

  protected override configure(options: Pointer): void {
    const { ort } = this;
    const provider = ort.out("CreateCUDAProviderOptions");
    try {
      const keys = cStrings(Object.keys(providerOptions));
      const values = cStrings(Object.values(providerOptions));
      ort.call("UpdateCUDAProviderOptions", provider, keys.pointers, values.pointers, keys.pointers.length);
      ort.call("SessionOptionsAppendExecutionProvider_CUDA_V2", options, provider);
    } finally {
      ort.call("ReleaseCUDAProviderOptions", provider);
    }
  }

  override async open(source: GraphSource, _device: Executor["device"], threads: number): Promise<CSession> {
    return new CSession(this.ort, await this.createSession(source, threads));
  }

  override async keep(tensor: HostTensor): Promise<CValue> {
    const kept = await this.allocate(tensor);
    const fed = this.wrap(tensor);
    try {
      await (await this.copier(tensor)).run(new Map([["x", fed]]), new Map([["y", kept]]));
    } finally {
      this.release(fed);
    }
    return kept;
  }

  override async zeros(types: readonly TensorType[]): Promise<readonly CValue[]> {
    const kept: CValue[] = [];
    for (const type of types) kept.push(await this.keep(zeroTensor(type)));
    return kept;
  }

  override async unwrap(value: CValue): Promise<HostTensor> {
    if (!value.onDevice) return super.unwrap(value);
    const copier = await this.copier(this.typeOf(value.pointer));
    const copied = (await copier.run(new Map([["x", value]]), new Map([["y", null]]))).get("y") as CValue;
    const tensor = await super.unwrap(copied);
    this.release(copied);
    return tensor;
  }

  async close(): Promise<void> {
    if (this.allocator) this.ort.call("ReleaseAllocator", await this.allocator);
    this.allocator = null;
    for (const copier of this.copiers.values()) await (await copier).close();
    this.copiers.clear();
  }

  private async allocate({ dtype, shape }: TensorType): Promise<CValue> {
    this.allocator ??= this.openAllocator();
    const dims = BigInt64Array.from(shape, BigInt);
    const allocator = await this.allocator;
    const pointer = this.ort.out("CreateTensorAsOrtValue", allocator, dims, dims.length, elementType(dtype));
    return { pointer, host: null, onDevice: true };
  }

  /** Memory of a device is that of a session; this one outlives all values that are kept. */
  private async openAllocator(): Promise<Pointer> {
    const { session } = await this.copier({ dtype: "float32", shape: [1] });
    const memory = this.ort.out("CreateMemoryInfo", this.memoryName, arenaAllocator, 0, defaultMemory);
    return this.ort.out("CreateAllocator", session, memory);
  }

  private copier({ dtype, shape }: TensorType): Promise<CSession> {
    const key = `${dtype} ${shape.length}`;
    const copier = this.copiers.get(key) ?? this.open({ model: copyGraph(dtype, shape.length) }, "cuda", 1);
    this.copiers.set(key, copier);
    return copier;
  }
}
