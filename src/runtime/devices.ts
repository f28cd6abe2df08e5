import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { type InferenceSession, listSupportedBackends } from "onnxruntime-node";
import type { DeviceName } from "../engine/executor.js";
import { setting, userError } from "../errors.js";

type Device = Exclude<DeviceName, "auto">;

/**
 * Devices that this installation of ONNX Runtime can try; {@link probeDevice} shows whether one really works.
 * CUDA's libraries are no part of the npm package: without them the attempt would print ONNX Runtime's own error lines.
 */
export function installedDevices(): readonly Device[] {
  const names = listSupportedBackends().map((backend) => backend.name);
  return (["cuda", "webgpu", "cpu"] as const).filter(
    (device) => names.includes(device) && (device !== "cuda" || hasCudaLibraries()),
  );
}

function hasCudaLibraries(): boolean {
  const library = process.platform === "win32" ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so";
  return existsSync(join(libraryFolder(), library));
}

/** Where `onnxruntime-node` keeps its shared libraries. */
function libraryFolder(): string {
  const root = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  return join(root, "bin", "napi-v6", process.platform, process.arch);
}

/** The shared library of ONNX Runtime itself: the one that `onnxruntime-node` has loaded. */
export function libraryFile(): string {
  const names: Partial<Record<NodeJS.Platform, string>> = {
    darwin: "libonnxruntime.1.dylib",
    win32: "onnxruntime.dll",
  };
  return join(libraryFolder(), names[process.platform] ?? "libonnxruntime.so.1");
}

/**
 * Resolves `auto` and refuses a device that is not installed.
 * `auto` takes CUDA where it works, else the CPU; WebGPU is taken only when asked for.
 */
export function candidateDevices(wanted: DeviceName): readonly Device[] {
  const built = installedDevices();
  if (wanted === "auto") return built.includes("cuda") ? ["cuda", "cpu"] : ["cpu"];
  if (!built.includes(wanted)) {
    throw userError({
      where: setting("device"),
      what: `${wanted} is not part of this installation of ONNX Runtime`,
      expected: `one of auto, ${built.join(", ")}`,
    });
  }
  return [wanted];
}

/**
 * Bits of int8 weights: x64 processors without VNNI add two 8-bit products in 16 bits, which 7-bit weights cannot
 * overflow. 7 where the processor is not known.
 */
export function int8WeightBits(): 7 | 8 {
  if (process.arch === "arm64") return 8;
  if (process.platform !== "linux") return 7;
  const flags = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "latin1") : "";
  return /\bavx(512)?_vnni\b/.test(flags) ? 8 : 7;
}

/** Physical work is done by at most this many threads unless the user says otherwise. */
export function defaultThreads(): number {
  return availableParallelism();
}

/**
 * How threads wait for work, as entries of `session.intra_op`. One operator follows another within microseconds, and
 * waking a sleeping thread takes longer than that; a thread that spins longer takes the cores from other sessions and
 * processes.
 *
 * Full-size steps, two threads on two cores, medians: asleep 2.73 and 2.64 s, spinning for 20 µs 0.04 and 0.13 s less by
 * pairs; of two processes at once 5.3 to 5.6 s asleep, 4.9 so, and 5.8 where spinning has no bound.
 */
export const intraOpWaiting = { allow_spinning: "1", spin_duration_us: "20" } as const;

/**
 * Rewritings of a graph that cost more than they save on the CPU. The fused skip connection and norm takes four times as
 * long as `Add` and `LayerNormalization` (2.8 ms against 0.7 for 1024 × 1024 elements, an eighth of an int8 layer), and a
 * product that transposes its left operand itself a tenth to a quarter longer than one after a `Transpose`.
 */
export const slowFusions = ["SkipLayerNormFusion", "BiasSkipLayerNormFusion", "MatmulTransposeFusion"].join(";");

/**
 * A memory pattern plans one block for each shape that occurs, and batches have many: the second batch of a shape then
 * takes half as long again, and all the blocks stay (3.3 GiB against 2.3 with five widths). Without them nothing is slower.
 */
const usesMemoryPatterns = false;

/** ONNX Runtime's session options for a device. */
export function sessionOptions(device: Device, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    enableMemPattern: usesMemoryPatterns,
    extra: {
      session: { intra_op: intraOpWaiting },
      ...(device === "cpu" ? { optimization: { disable_specified_optimizers: slowFusions } } : {}),
    },
  };
}
