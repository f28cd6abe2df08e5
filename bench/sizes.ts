import { type KAdapterConfig, resolveAdapterConfig } from "../src/adapters/config.js";

/** Sizes of a RoBERTa with random weights, by the names of Hugging Face's config.json. */
export interface BackboneShape {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
}

/** One measured problem. */
export interface Sizes {
  readonly name: string;
  readonly backbone: BackboneShape;
  readonly adapter: KAdapterConfig;
  readonly labels: number;
}

const robertaLarge: BackboneShape = {
  hidden_size: 1024,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  intermediate_size: 4096,
  vocab_size: 50265,
  max_position_embeddings: 514,
};

/** The paper's experiment: RoBERTa-large with the released code's adapter. */
export const full: Sizes = {
  name: "full",
  backbone: robertaLarge,
  adapter: resolveAdapterConfig({ hiddenSize: 1024, layers: 24 }, "official"),
  labels: 40,
};

/** MiniLM-L6 with an adapter of its own width: what one trains on a laptop. */
export const mini: Sizes = {
  name: "mini",
  backbone: {
    ...robertaLarge,
    hidden_size: 384,
    num_hidden_layers: 6,
    num_attention_heads: 12,
    intermediate_size: 1536,
    vocab_size: 30522,
    max_position_embeddings: 512,
  },
  adapter: resolveAdapterConfig({ hiddenSize: 384, layers: 6 }, "official", { size: 384, layers: [0, 3, 6] }),
  labels: 80,
};

/** Seconds instead of minutes: to see that the benchmark itself works. Its figures say nothing. */
export const tiny: Sizes = {
  name: "tiny",
  backbone: {
    ...robertaLarge,
    hidden_size: 128,
    num_hidden_layers: 4,
    num_attention_heads: 2,
    intermediate_size: 512,
    vocab_size: 1000,
  },
  adapter: resolveAdapterConfig({ hiddenSize: 128, layers: 4 }, "official", { size: 96, heads: 3 }),
  labels: 10,
};

/** Small enough for many trainings in a few minutes: what grows with what does not depend on it. */
export const scaled: Sizes = {
  name: "scaled",
  backbone: {
    ...robertaLarge,
    hidden_size: 256,
    num_hidden_layers: 4,
    num_attention_heads: 4,
    intermediate_size: 1024,
    vocab_size: 4000,
  },
  adapter: resolveAdapterConfig({ hiddenSize: 256, layers: 4 }, "official", { size: 128, transformerLayers: 1 }),
  labels: 40,
};

/** A batch's shape, and how long its sentences are. */
export interface BatchShape {
  readonly batch: number;
  /** The longest sentence, in tokens; `fixed` batches are padded to it. */
  readonly length: number;
  /** `fixed`: every sentence has `length` tokens. `real`: lengths as in T-REx, padded to the batch's longest. */
  readonly lengths: "fixed" | "real";
}
