import { elementCount, float32Tensor, type HostTensor } from "../tensor.js";

/** A small reproducible generator for tests (mulberry32). */
export function testRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Elements spread over [low, high). */
export function randomTensor(seed: number, shape: readonly number[], low = -1, high = 1): HostTensor<"float32"> {
  const random = testRandom(seed);
  return float32Tensor(
    shape,
    Float32Array.from({ length: elementCount(shape) }, () => low + (high - low) * random()),
  );
}
