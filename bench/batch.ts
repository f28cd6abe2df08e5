/**
 * Batches of random token ids.
 * @module
 */

import { padBatch, type TokenBatch } from "../src/features/token-batch.js";
import { RandomStream } from "../src/random.js";
import { float32Tensor, type HostTensor, int32Tensor } from "../src/tensor.js";
import type { BatchShape, Sizes } from "./sizes.js";

/**
 * Sentences of 8 … 15, 16 … 23, … tokens among 2,455 of the trex-rc development file, markers and special tokens
 * included, by RoBERTa's vocabulary and cut at 64 tokens (the last bin is 64 alone). Their mean is 42.1.
 */
const lengthCounts = [2, 155, 425, 513, 477, 343, 219, 321] as const;

/** Draws a sentence length from the histogram. */
export function realLength(random: RandomStream): number {
  const total = lengthCounts.reduce<number>((sum, count) => sum + count, 0);
  let place = random.below(total);
  for (const [bin, count] of lengthCounts.entries()) {
    if (place < count) return bin === lengthCounts.length - 1 ? 64 : 8 * (bin + 1) + random.below(8);
    place -= count;
  }
  throw new Error("the histogram does not add up");
}

/** Sentences and what the relation head wants of them. */
export interface RelationBatch {
  readonly tokens: TokenBatch;
  /** Real tokens, padding not counted. */
  readonly tokenCount: number;
  readonly width: number;
  /** What adapter and head take beside hidden states. */
  readonly adapterFeeds: Readonly<Record<string, HostTensor>>;
}

/** One batch; the same seed gives the same batch. */
export function makeBatch(sizes: Sizes, { batch, length, lengths }: BatchShape, seed: number): RelationBatch {
  const random = new RandomStream(seed, "bench", "batch");
  const texts = Array.from({ length: batch }, () => {
    const tokens = lengths === "fixed" ? length : Math.min(length, realLength(random));
    return Array.from({ length: tokens }, () => 4 + random.below(sizes.backbone.vocab_size - 5));
  });
  const width = Math.max(...texts.map((text) => text.length));
  const select = new Float32Array(batch * 2 * width);
  texts.forEach((text, row) => {
    for (const position of [0, 1]) select[(2 * row + position) * width + random.below(text.length)] = 1;
  });
  const tokens = padBatch(texts, width, 1);
  const labels = Int32Array.from({ length: batch }, () => random.below(sizes.labels));
  return {
    tokens,
    tokenCount: texts.reduce((sum, text) => sum + text.length, 0),
    width,
    adapterFeeds: {
      attention_mask: tokens.attentionMask,
      select: float32Tensor([batch, 2, width], select),
      labels: int32Tensor([batch], labels),
    },
  };
}

/** A copy of tensors whose buffers a run may take away. */
export function copied(tensors: Readonly<Record<string, HostTensor>>): Record<string, HostTensor> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() } as HostTensor]),
  );
}
