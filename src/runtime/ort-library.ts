/**
 * ONNX Runtime's C interface, called in the shared library that `onnxruntime-node` brings. Its table of functions only
 * ever grows at its end, so the places below hold for every version since 1.18.
 *
 * Source: `include/onnxruntime/core/session/onnxruntime_c_api.h`, `struct OrtApi`.
 * @module
 */
import koffi, { type LibraryHandle } from "koffi";
import { libraryFile } from "./devices.js";

/** An address in the process; 0n is none. */
export type Pointer = bigint;

/** The version of the table that is asked for: that of ONNX Runtime 1.18. */
const apiVersion = 18;

/** Place in the table, and arguments after the C header; `status` functions return an error or null. */
const functions = {
  GetErrorMessage: [2, "const char*", "void*"],
  CreateEnv: [3, "status", "int, const char*, _Out_ void**"],
  CreateSessionFromArray: [8, "status", "void*, const void*, size_t, void*, _Out_ void**"],
  Run: [9, "status", "void*, void*, void*, void*, size_t, void*, size_t, void*"],
  CreateSessionOptions: [10, "status", "_Out_ void**"],
  DisableMemPattern: [17, "status", "void*"],
  SetSessionLogSeverityLevel: [22, "status", "void*, int"],
  SetSessionGraphOptimizationLevel: [23, "status", "void*, int"],
  SetIntraOpNumThreads: [24, "status", "void*, int"],
  SetInterOpNumThreads: [25, "status", "void*, int"],
  SessionGetInputCount: [30, "status", "void*, _Out_ size_t*"],
  SessionGetInputName: [36, "status", "void*, size_t, void*, _Out_ void**"],
  CreateTensorAsOrtValue: [48, "status", "void*, void*, size_t, int, _Out_ void**"],
  CreateTensorWithDataAsOrtValue: [49, "status", "void*, void*, size_t, void*, size_t, int, _Out_ void**"],
  GetTensorMutableData: [51, "status", "void*, _Out_ void**"],
  GetTensorElementType: [60, "status", "void*, _Out_ int*"],
  GetDimensionsCount: [61, "status", "void*, _Out_ size_t*"],
  GetDimensions: [62, "status", "void*, _Out_ int64_t*, size_t"],
  GetTensorTypeAndShape: [65, "status", "void*, _Out_ void**"],
  CreateMemoryInfo: [68, "status", "const char*, int, int, int, _Out_ void**"],
  CreateCpuMemoryInfo: [69, "status", "int, int, _Out_ void**"],
  AllocatorAlloc: [75, "status", "void*, size_t, _Out_ void**"],
  AllocatorFree: [76, "status", "void*, void*"],
  GetAllocatorWithDefaultOptions: [78, "status", "_Out_ void**"],
  ReleaseStatus: [93, "void", "void*"],
  ReleaseSession: [95, "void", "void*"],
  ReleaseValue: [96, "void", "void*"],
  ReleaseTensorTypeAndShapeInfo: [99, "void", "void*"],
  ReleaseSessionOptions: [100, "void", "void*"],
  AddSessionConfigEntry: [130, "status", "void*, const char*, const char*"],
  CreateAllocator: [131, "status", "void*, void*, _Out_ void**"],
  ReleaseAllocator: [132, "void", "void*"],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, "status", "void*, void*"],
  CreateCUDAProviderOptions: [205, "status", "_Out_ void**"],
  UpdateCUDAProviderOptions: [206, "status", "void*, void*, void*, size_t"],
  ReleaseCUDAProviderOptions: [208, "void", "void*"],
  AddExternalInitializersFromFilesInMemory: [279, "status", "void*, void*, void*, void*, size_t"],
} as const satisfies Record<string, readonly [number, string, string]>;

type FunctionName = keyof typeof functions;

/** The library, opened once in a process; a status that is an error is thrown. */
export class OrtLibrary {
  private static opened: OrtLibrary | null = null;

  private constructor(
    // The table's addresses are good for as long as the library is not closed, which koffi does when it is collected.
    readonly library: LibraryHandle,
    private readonly table: Readonly<Record<FunctionName, (...args: unknown[]) => unknown>>,
  ) {}

  static open(): OrtLibrary {
    OrtLibrary.opened ??= OrtLibrary.load(libraryFile());
    return OrtLibrary.opened;
  }

  private static load(file: string): OrtLibrary {
    // ONNX Runtime's graph passes recurse deeply; koffi calls on a stack of its own.
    koffi.config({ sync_stack_size: 16 * 2 ** 20 });
    const library = koffi.load(file);
    const base = koffi.decode(library.func("void* OrtGetApiBase()")(), koffi.array("void*", 2)) as Pointer[];
    const api = koffi.call(base[0] as Pointer, koffi.proto("void* OrtGetApi(uint32_t)"), apiVersion) as Pointer | null;
    if (!api) throw new Error(`${file} does not offer version ${apiVersion} of ONNX Runtime's interface`);
    const places = koffi.decode(api, koffi.array("void*", 280)) as Pointer[];
    const table = Object.fromEntries(
      Object.entries(functions).map(([name, [place, result, args]]) => {
        const proto = koffi.proto(`${result === "status" ? "void*" : result} ${`Ort${name}`}(${args})`);
        const address = places[place] as Pointer;
        return [name, (...values: unknown[]) => koffi.call(address, proto, ...values) as unknown];
      }),
    );
    return new OrtLibrary(library, table as OrtLibrary["table"]);
  }

  /** Calls a function. */
  call(name: FunctionName, ...args: readonly unknown[]): unknown {
    const result = this.table[name](...args);
    if (functions[name][1] !== "status" || !result) return result;
    const message = String(this.table.GetErrorMessage(result));
    this.table.ReleaseStatus(result);
    throw new Error(message);
  }

  /** Calls a function whose last argument is a place for its result. */
  out<T = Pointer>(name: FunctionName, ...args: readonly unknown[]): T {
    const place: [T | null] = [null];
    this.call(name, ...args, place);
    return place[0] as T;
  }
}
