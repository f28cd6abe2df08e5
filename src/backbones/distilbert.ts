import { z } from "zod";
import { type BackboneConfig, type BackboneDefinition, indexPositions, indexValues } from "./backbone.js";
import { activation, checkHeads, noPrunedHeads, rate, readConfig, size, tieWordEmbeddings } from "./config.js";
import { canonicalEncoderKey, Encoder } from "./encoder.js";

const distilbertConfig = z.object({
  model_type: z.string(),
  vocab_size: size(10_000_000),
  dim: size(65_536),
  n_layers: size(1_000),
  n_heads: size(1_024),
  hidden_dim: size(1_048_576),
  activation: activation.default("gelu"),
  dropout: rate.default(0.1),
  attention_dropout: rate.default(0.1),
  max_position_embeddings: size(1_000_000),
  pad_token_id: z.number().int().nonnegative().nullish(),
  initializer_range: z.number().positive().default(0.02),
  pruned_heads: noPrunedHeads,
  tie_word_embeddings: tieWordEmbeddings,
});

function parseConfig(json: unknown, where: string): BackboneConfig {
  const c = readConfig(distilbertConfig, json, where);
  checkHeads(["n_heads", c.n_heads], ["dim", c.dim], where);
  return {
    modelType: c.model_type,
    causal: false,
    vocabSize: c.vocab_size,
    hiddenSize: c.dim,
    layers: c.n_layers,
    heads: c.n_heads,
    intermediateSize: c.hidden_dim,
    activation: c.activation,
    layerNormEps: 1e-12,
    hiddenDropout: c.dropout,
    attentionDropout: c.attention_dropout,
    maxPositions: c.max_position_embeddings,
    typeVocabSize: 0,
    padTokenId: c.pad_token_id ?? 0,
    tiedWords: c.tie_word_embeddings,
    initializerRange: c.initializer_range,
  };
}

/** Its names for the parts of BERT's layers. */
const parts: readonly (readonly [string, string])[] = [
  ["attention.q_lin", "attention.self.query"],
  ["attention.k_lin", "attention.self.key"],
  ["attention.v_lin", "attention.self.value"],
  ["attention.out_lin", "attention.output.dense"],
  ["sa_layer_norm", "attention.output.LayerNorm"],
  ["ffn.lin1", "intermediate.dense"],
  ["ffn.lin2", "output.dense"],
  ["output_layer_norm", "output.LayerNorm"],
];

function bertName(key: string): string {
  const [, layer, part, leaf] = /^(?:distilbert\.)?transformer\.layer\.(\d+)\.(.+)\.(weight|bias)$/.exec(key) ?? [];
  const found = parts.find(([theirs]) => theirs === part)?.[1];
  return found ? `encoder.layer.${layer}.${found}.${leaf}` : key;
}

/**
 * DistilBERT (arXiv 1910.01108), as `DistilBertForMaskedLM` of Hugging Face transformers: BERT without token types.
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/distilbert/modeling_distilbert.py `DistilBertForMaskedLM`
 */
export const distilbert: BackboneDefinition = {
  kind: "distilbert",
  prefix: "distilbert.",
  lmClass: "DistilBertForMaskedLM",
  parseConfig,
  build: (config) =>
    new Encoder(config, {
      wordPaddingIndex: config.padTokenId,
      positionPaddingIndex: null,
      head: {
        dense: ["vocab_transform"],
        norm: ["vocab_layer_norm"],
        bias: ["vocab_projector", "bias"],
        decoder: ["vocab_projector"],
      },
    }),
  canonicalKey: (key, withHead, tied = true) =>
    tied && key === "vocab_projector.weight"
      ? null
      : canonicalEncoderKey(bertName(key), "distilbert.", "vocab_", withHead, tied),
  positionIds: indexPositions,
  positionValues: indexValues,
};
