import { elementCount } from "../tensor.js";
import { allocate } from "./range-file.js";

/** Elements from a view's first to its last, both included; 0 for an empty view. */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((span, dim, axis) => span + (dim - 1) * strides[axis]!, 1);
}

/** Whether a view's elements lie row-major without gaps; strides of dimensions of size 1 mean nothing. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/**
 * Copies a strided view to row-major order. `bytes` starts at the view's first element and reaches to its last;
 * strides are in elements of `size` bytes. Bits are copied as integers, so NaN payloads survive.
 */
export function gather(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  shape: readonly number[],
  strides: readonly number[],
  where: string,
): Uint8Array<ArrayBuffer> {
  const count = elementCount(shape);
  const target = allocate(count * size, where);
  // Eight-byte elements are copied as two words: a BigInt an element would be slow.
  const words = size === 8 ? 2 : 1;
  const Words = size === 1 ? Uint8Array : size === 2 ? Uint16Array : Uint32Array;
  const from = new Words(bytes.buffer, bytes.byteOffset, bytes.length / (size / words));
  const to = new Words(target.buffer);
  const index = new Array<number>(shape.length).fill(0);
  let source = 0;
  for (let i = 0; i < count; i++) {
    for (let word = 0; word < words; word++) to[i * words + word] = from[source * words + word]!;
    // Odometer: step the last axis, carry to the left.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      source -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return target;
}
