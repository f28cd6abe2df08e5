import koffi from "koffi";
import type { Executor, GraphSource } from "../engine/executor.js";
import { byteCount, type DType, type HostTensor, type TensorType, viewAs } from "../tensor.js";
import type { Binding, BoundSession } from "./binding.js";
import { intraOpWaiting, slowFusions } from "./devices.js";
import { externalContents } from "./external.js";
import { adviseHugePages, freshBytes, freshTensors, reserve } from "./huge-pages.js";
import { trimMalloc } from "./malloc-trim.js";
import { OrtLibrary, type Pointer } from "./ort-library.js";

/** A tensor of ONNX Runtime. */
export interface CValue {
  readonly pointer: Pointer;
  /** The tensor over whose memory it lies, which must live as long as it does. */
  readonly host: HostTensor | null;
  /** Whether its elements lie in a device's memory, where the host cannot read them. */
  readonly onDevice?: boolean;
}

/** `ONNXTensorElementDataType` */
const elementTypes: Readonly<Partial<Record<DType, number>>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};
const dtypeOf = new Map(Object.entries(elementTypes).map(([dtype, code]) => [code, dtype as DType]));

export function elementType(dtype: DType): number {
  const type = elementTypes[dtype];
  if (type === undefined) throw new Error(`ONNX Runtime has no tensors of ${dtype}`);
  return type;
}

/** `OrtLoggingLevel`: nothing below fatal, as the error's message reaches the caller. */
const fatal = 4;
/** `GraphOptimizationLevel`: ORT_ENABLE_ALL */
const allOptimizations = 99;
/** `OrtAllocatorType`: OrtArenaAllocator; `OrtMemType`: OrtMemTypeDefault */
export const arenaAllocator = 1;
export const defaultMemory = 0;

/**
 * ONNX Runtime's C interface, on the CPU. Unlike `onnxruntime-node`'s own binding it copies no output: what a training
 * step replaces is written in place and never touched again. This saves a sixth of a full-size step's time, and half a
 * gigabyte of garbage in each.
 */
export class CBinding implements Binding<CValue> {
  readonly writesInPlace = true;
  readonly prepare = adviseHugePages;
  readonly addressOf = (memory: Uint8Array<ArrayBuffer>): bigint => koffi.address(memory);
  private readonly environment: Pointer;
  private readonly memory: Pointer;

  /** @throws Error when the library cannot be loaded here */
  constructor(protected readonly ort = OrtLibrary.open()) {
    this.environment = ort.out("CreateEnv", fatal, "kadapter");
    this.memory = ort.out("CreateCpuMemoryInfo", arenaAllocator, defaultMemory);
  }

  async open(source: GraphSource, _device: Executor["device"], threads: number): Promise<BoundSession<CValue>> {
    return new CpuSession(this.ort, await this.createSession(source, threads), this.memory);
  }

  protected async createSession(source: GraphSource, threads: number): Promise<Pointer> {
    const { ort } = this;
    const files = await externalContents(source, freshBytes);
    const options = ort.out("CreateSessionOptions");
    try {
      ort.call("SetSessionLogSeverityLevel", options, fatal);
      ort.call("SetIntraOpNumThreads", options, threads);
      ort.call("SetInterOpNumThreads", options, 1);
      ort.call("SetSessionGraphOptimizationLevel", options, allOptimizations);
      ort.call("DisableMemPattern", options);
      for (const [key, value] of Object.entries(intraOpWaiting))
        ort.call("AddSessionConfigEntry", options, `session.intra_op.${key}`, value);
      this.configure(options);
      if (files.length > 0) this.addExternalFiles(options, files);
      const { model } = source;
      return ort.out("CreateSessionFromArray", this.environment, model, model.byteLength, options);
    } finally {
      ort.call("ReleaseSessionOptions", options);
    }
  }

  /** What a device wants of a session. */
  protected configure(options: Pointer): void {
    this.ort.call("AddSessionConfigEntry", options, "optimization.disable_specified_optimizers", slowFusions);
  }

  private addExternalFiles(
    options: Pointer,
    files: readonly { readonly path: string; readonly data: Uint8Array }[],
  ): void {
    const names = cStrings(
      files.map(({ path }) => path),
      process.platform === "win32",
    );
    const buffers = BigUint64Array.from(files, ({ data }) => koffi.address(data));
    const sizes = BigUint64Array.from(files, ({ data }) => BigInt(data.byteLength));
    const { length } = files;
    this.ort.call("AddExternalInitializersFromFilesInMemory", options, names.pointers, buffers, sizes, length);
  }

  wrap(host: HostTensor): CValue {
    // Small typed arrays lie on JavaScript's heap, where they move; asking for the buffer gives them a fixed place.
    const { buffer, byteOffset, byteLength } = host.data;
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    const dims = BigInt64Array.from(host.shape, BigInt);
    const pointer = this.ort.out(
      "CreateTensorWithDataAsOrtValue",
      ...[this.memory, bytes, byteLength, dims, dims.length, elementType(host.dtype)],
    );
    return { pointer, host };
  }

  keep(tensor: HostTensor): CValue | Promise<CValue> {
    return this.wrap(tensor);
  }

  zeros(types: readonly TensorType[]): readonly CValue[] | Promise<readonly CValue[]> {
    return freshTensors(types).map((tensor) => this.wrap(tensor));
  }

  unwrap({ pointer, host }: CValue): HostTensor | Promise<HostTensor> {
    if (host) return host;
    const { dtype, shape } = this.typeOf(pointer);
    const size = byteCount({ dtype, shape });
    const bytes = new Uint8Array(size);
    if (size > 0) bytes.set(new Uint8Array(koffi.view(this.ort.out("GetTensorMutableData", pointer), size)));
    return { dtype, shape, data: viewAs(dtype, bytes) } as HostTensor;
  }

  protected typeOf(value: Pointer): { readonly dtype: DType; readonly shape: readonly number[] } {
    const { ort } = this;
    const info = ort.out("GetTensorTypeAndShape", value);
    try {
      const code = ort.out<number>("GetTensorElementType", info);
      const dtype = dtypeOf.get(code);
      if (!dtype) throw new Error(`an output has element type ${code}, which is not known here`);
      const rank = Number(ort.out<number | bigint>("GetDimensionsCount", info));
      const dims = new BigInt64Array(Math.max(rank, 1));
      ort.call("GetDimensions", info, dims, rank);
      return { dtype, shape: Array.from(dims.subarray(0, rank), Number) };
    } finally {
      ort.call("ReleaseTensorTypeAndShapeInfo", info);
    }
  }

  release({ pointer }: CValue): void {
    this.ort.call("ReleaseValue", pointer);
  }
}

/** A session on any device. */
export class CSession implements BoundSession<CValue> {
  readonly inputNames: readonly string[];
  /** Names in C's form, by their list: a graph is run with the same ones again and again. */
  private readonly names = new Map<string, CStrings>();

  constructor(
    protected readonly ort: OrtLibrary,
    readonly session: Pointer,
  ) {
    const allocator = ort.out("GetAllocatorWithDefaultOptions");
    const count = Number(ort.out<number | bigint>("SessionGetInputCount", session));
    this.inputNames = Array.from({ length: count }, (_, i) => {
      const text = ort.out("SessionGetInputName", session, i, allocator);
      const name = koffi.decode.string(text);
      ort.call("AllocatorFree", allocator, text);
      return name;
    });
  }

  async run(
    inputs: ReadonlyMap<string, CValue>,
    outputs: ReadonlyMap<string, CValue | null>,
  ): Promise<ReadonlyMap<string, CValue>> {
    const given = BigUint64Array.from(inputs.values(), ({ pointer }) => pointer);
    const made = BigUint64Array.from(outputs.values(), (value) => value?.pointer ?? 0n);
    const [inputNames, outputNames] = [this.cNames([...inputs.keys()]), this.cNames([...outputs.keys()])];
    this.ort.call(
      "Run",
      ...[this.session, null, inputNames.pointers, given, given.length, outputNames.pointers, made.length, made],
    );
    return new Map(
      Array.from(outputs, ([name, value], i) => [name, value ?? { pointer: made[i] as Pointer, host: null }]),
    );
  }

  private cNames(names: readonly string[]): CStrings {
    const key = names.join("\0");
    const found = this.names.get(key) ?? cStrings(names);
    this.names.set(key, found);
    return found;
  }

  async close(): Promise<void> {
    this.ort.call("ReleaseSession", this.session);
    trimMalloc();
  }
}

/** A session on the CPU, whose arena takes its memory in huge pages where it can. */
class CpuSession extends CSession {
  constructor(
    ort: OrtLibrary,
    session: Pointer,
    private readonly memory: Pointer,
  ) {
    super(ort, session);
  }

  expect(bytes: number): void {
    const { ort } = this;
    const allocator = ort.out("CreateAllocator", this.session, this.memory);
    const allocate = (size: number) => ort.out("AllocatorAlloc", allocator, size);
    // The arena takes powers of two.
    reserve(
      { allocate, free: (block) => ort.call("AllocatorFree", allocator, block) },
      2 ** Math.ceil(Math.log2(bytes)),
    );
    ort.call("ReleaseAllocator", allocator);
  }
}

interface CStrings {
  readonly pointers: BigUint64Array;
  /** What the pointers point into. */
  readonly bytes: Uint8Array;
}

/** An array of C strings. */
export function cStrings(strings: readonly string[], wide = false): CStrings {
  const encoded = strings.map((text) => Buffer.from(`${text}\0`, wide ? "utf16le" : "utf8"));
  // Not from Buffer's pool, and never empty: its address must be its own.
  const bytes = new Uint8Array(
    Math.max(
      64,
      encoded.reduce((sum, { length }) => sum + length, 0),
    ) + 64,
  );
  const base = koffi.address(bytes);
  let at = 0;
  const pointers = BigUint64Array.from(encoded, (text) => {
    const start = at;
    bytes.set(text, at);
    at += text.length;
    return base + BigInt(start);
  });
  return { pointers, bytes };
}
