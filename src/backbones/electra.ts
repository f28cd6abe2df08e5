import { z } from "zod";
import { type BackboneConfig, type BackboneDefinition, indexPositions, indexValues } from "./backbone.js";
import { parseEncoderConfig, readConfig, size } from "./config.js";
import { canonicalEncoderKey, Encoder } from "./encoder.js";

export interface ElectraConfig extends BackboneConfig {
  readonly embeddingSize: number;
}

const electraConfig = z.object({ embedding_size: size(65_536).default(128) });

/**
 * ELECTRA (arXiv 2003.10555), as `ElectraForMaskedLM` of Hugging Face transformers: the head is the generator's. The
 * discriminator's is not read.
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/electra/modeling_electra.py `ElectraForMaskedLM`
 */
export const electra: BackboneDefinition<ElectraConfig> = {
  kind: "electra",
  prefix: "electra.",
  lmClass: "ElectraForMaskedLM",
  parseConfig: (json, where) => {
    const config = parseEncoderConfig(json, where, 0);
    return { ...config, embeddingSize: readConfig(electraConfig, json, where).embedding_size };
  },
  build: (config) =>
    new Encoder(config, {
      wordPaddingIndex: config.padTokenId,
      positionPaddingIndex: null,
      embeddingSize: config.embeddingSize,
      // Its head knows one activation.
      headActivation: "gelu",
      head: {
        dense: ["generator_predictions", "dense"],
        norm: ["generator_predictions", "LayerNorm"],
        bias: ["generator_lm_head", "bias"],
        decoder: ["generator_lm_head"],
      },
    }),
  canonicalKey: (key, withHead, tied = true) => {
    if (key.startsWith("discriminator_predictions.") || (tied && key === "generator_lm_head.weight")) return null;
    return canonicalEncoderKey(key, "electra.", "generator_", withHead, tied);
  },
  positionIds: indexPositions,
  positionValues: indexValues,
};
