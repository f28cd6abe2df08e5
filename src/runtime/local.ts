import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { fileError } from "../files/atomic.js";
import { bytesOf, type DType, elementCount, type HostTensor } from "../tensor.js";
import type { Executor, ExecutorOptions, GraphSource, LoadedGraph, Tensors } from "../training/executor.js";
import { candidateDevices, defaultThreads, sessionOptions } from "./devices.js";

/** A tensor that stays between runs; a run that replaces it writes into the spare buffer, then the two change places. */
interface Slot {
  current: Tensor;
  spare: Tensor | null;
}

/**
 * Runs graphs on the calling thread, which is blocked while a graph runs: good for tests and inside a worker thread.
 */
export async function localExecutor(options: ExecutorOptions = {}): Promise<Executor> {
  const candidates = candidateDevices(options.device ?? "auto");
  const device = await firstWorkingDevice(candidates);
  return new LocalExecutor(device, options.threads ?? defaultThreads());
}

/** `auto` falls back to the CPU when a GPU's libraries are missing; an explicit device is an error then. */
async function firstWorkingDevice(candidates: readonly Executor["device"][]): Promise<Executor["device"]> {
  const { probeDevice } = await import("./probe.js");
  let failure: unknown;
  for (const device of candidates) {
    if (device === "cpu") return device;
    try {
      await probeDevice(device);
      return device;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

class LocalExecutor implements Executor {
  private readonly slots = new Map<string, Slot>();
  private readonly sessions = new Set<InferenceSession>();

  constructor(
    readonly device: Executor["device"],
    private readonly threads: number,
  ) {}

  async load(source: GraphSource): Promise<LoadedGraph> {
    const session = await InferenceSession.create(source.model, {
      ...sessionOptions(this.device, this.threads),
      externalData: await Promise.all(
        Object.entries(source.externalFiles ?? {}).map(async ([path, file]) => ({
          path,
          data: typeof file === "string" ? await readWhole(file) : file,
        })),
      ),
    });
    this.sessions.add(session);
    const updates = new Map(Object.entries(source.updates ?? {}));
    return {
      run: (feeds, fetch) => this.run(session, updates, feeds, fetch),
      close: async () => {
        if (this.sessions.delete(session)) await session.release();
      },
    };
  }

  private async run(
    session: InferenceSession,
    updates: ReadonlyMap<string, string>,
    feeds: Tensors,
    fetch: readonly string[],
  ): Promise<Tensors> {
    const inputs: Record<string, Tensor> = {};
    for (const name of session.inputNames) {
      const fed = feeds[name];
      const tensor = fed ? toOrt(fed) : this.slots.get(name)?.current;
      if (!tensor) throw new Error(`the graph's input ${name} is neither fed nor part of the state`);
      inputs[name] = tensor;
    }
    const outputs: Record<string, Tensor | null> = Object.fromEntries(fetch.map((name) => [name, null]));
    for (const [output, slot] of updates) outputs[output] = this.spareOf(slot);
    const results = await session.run(inputs, outputs);
    for (const name of updates.values()) {
      const slot = this.slot(name) as Slot & { spare: Tensor };
      [slot.current, slot.spare] = [slot.spare, slot.current];
    }
    return Object.fromEntries(fetch.map((name) => [name, fromOrt(results[name] as Tensor)]));
  }

  private slot(name: string): Slot {
    const slot = this.slots.get(name);
    if (!slot) throw new Error(`the state has no slot ${name}`);
    return slot;
  }

  private spareOf(name: string): Tensor {
    const slot = this.slot(name);
    slot.spare ??= toOrt(copyOf(fromOrt(slot.current)));
    return slot.spare;
  }

  async setState(tensors: Tensors): Promise<void> {
    for (const [name, tensor] of Object.entries(tensors)) this.slots.set(name, { current: toOrt(tensor), spare: null });
  }

  async getState(names: readonly string[]): Promise<Tensors> {
    return Object.fromEntries(names.map((name) => [name, copyOf(fromOrt(this.slot(name).current))]));
  }

  async close(): Promise<void> {
    const open = [...this.sessions];
    this.sessions.clear();
    this.slots.clear();
    for (const session of open) await session.release();
  }
}

async function readWhole(file: string): Promise<Uint8Array> {
  return readFile(file).catch((error: unknown) => {
    throw fileError(file, "read the file", error);
  });
}

function copyOf(tensor: HostTensor): HostTensor {
  return { ...tensor, data: tensor.data.slice() } as HostTensor;
}

function toOrt(tensor: HostTensor): Tensor {
  if (tensor.data.length !== elementCount(tensor.shape)) {
    throw new Error(`a tensor of shape [${tensor.shape.join(", ")}] has ${tensor.data.length} elements`);
  }
  return new Tensor(tensor.dtype as "float32", tensor.data as Float32Array, tensor.shape);
}

function fromOrt(tensor: Tensor): HostTensor {
  const dtype = tensor.type as DType;
  const { data } = tensor as { data: Float32Array };
  // Newer Node versions hand out a Float16Array, which converts when it is copied: its bits are what is meant here.
  const bits = dtype === "float16" ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data;
  return { dtype, shape: tensor.dims, data: bits } as HostTensor;
}

/** Buffers that may be moved to another thread: those that hold one tensor and nothing else. */
export function transferable(tensors: Tensors): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const tensor of Object.values(tensors)) {
    const { buffer, byteLength } = bytesOf(tensor);
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffers.add(buffer);
  }
  return [...buffers];
}
