import { z } from "zod";
import { userError } from "../errors.js";
import { parseWith } from "../files/json.js";
import { activationNames } from "../nn/index.js";
import type { BackboneConfig } from "./backbone.js";

/** Of a size in config.json. */
export const size = (limit: number) => z.number().int().positive().max(limit);
/** Of a dropout rate. */
export const rate = z.number().min(0).lt(1);

/** Of a feed-forward layer's activation. */
export const activation = z.enum(activationNames);
/** Whether the output matrix is the word embedding. */
export const tieWordEmbeddings = z.boolean().default(true);
/** Of heads that were cut out of layers, which then have other shapes. */
export const noPrunedHeads = z
  .record(z.string(), z.unknown())
  .refine((heads) => Object.keys(heads).length === 0, "models with pruned heads are not supported")
  .nullish();

/** The part of Hugging Face's config.json that BERT-like encoders read. Unknown keys are fine: files carry many. */
const encoderConfig = z.object({
  model_type: z.string(),
  vocab_size: size(10_000_000),
  hidden_size: size(65_536),
  num_hidden_layers: size(1_000),
  num_attention_heads: size(1_024),
  intermediate_size: size(1_048_576),
  hidden_act: activation.default("gelu"),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_dropout_prob: rate.default(0.1),
  attention_probs_dropout_prob: rate.default(0.1),
  max_position_embeddings: size(1_000_000),
  type_vocab_size: size(1_000).default(2),
  pad_token_id: z.number().int().nonnegative().nullish(),
  initializer_range: z.number().positive().default(0.02),
  position_embedding_type: z.literal("absolute").optional(),
  is_decoder: z.literal(false).optional(),
  add_cross_attention: z.literal(false).optional(),
  pruned_heads: noPrunedHeads,
  tie_word_embeddings: tieWordEmbeddings,
});

/** Reads what a schema asks of a config.json. */
export function readConfig<T>(schema: z.ZodType<T>, json: unknown, where: string): T {
  return parseWith(schema, json, where, { fix: "check that this is the config.json of a Hugging Face model" });
}

/** Refuses heads that do not divide the hidden size; both under their names in config.json. */
export function checkHeads(heads: [string, number], hidden: [string, number], where: string): void {
  if (hidden[1] % heads[1] === 0) return;
  throw userError({
    where: `${where}: ${heads[0]}`,
    what: `${heads[1]} heads do not divide ${hidden[0]} ${hidden[1]}`,
    expected: "a divisor",
  });
}

/** Checks and renames the fields of an encoder's config.json. */
export function parseEncoderConfig(json: unknown, where: string, defaultPadding: number): BackboneConfig {
  const c = readConfig(encoderConfig, json, where);
  checkHeads(["num_attention_heads", c.num_attention_heads], ["hidden_size", c.hidden_size], where);
  return {
    modelType: c.model_type,
    causal: false,
    vocabSize: c.vocab_size,
    hiddenSize: c.hidden_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    intermediateSize: c.intermediate_size,
    activation: c.hidden_act,
    layerNormEps: c.layer_norm_eps,
    hiddenDropout: c.hidden_dropout_prob,
    attentionDropout: c.attention_probs_dropout_prob,
    maxPositions: c.max_position_embeddings,
    typeVocabSize: c.type_vocab_size,
    padTokenId: c.pad_token_id ?? defaultPadding,
    tiedWords: c.tie_word_embeddings,
    initializerRange: c.initializer_range,
  };
}
