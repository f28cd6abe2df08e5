import type { Tensors } from "../engine/executor.js";
import { bytesOf } from "../tensor.js";

/** Buffers that may be moved to another thread: those that hold one tensor and nothing else. */
export function transferable(...several: readonly Tensors[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const tensor of several.flatMap((tensors) => Object.values(tensors))) {
    const { buffer, byteLength } = bytesOf(tensor);
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffers.add(buffer);
  }
  return [...buffers];
}
