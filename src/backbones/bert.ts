import { type BackboneDefinition, indexPositions, indexValues } from "./backbone.js";
import { parseEncoderConfig } from "./config.js";
import { canonicalEncoderKey, Encoder } from "./encoder.js";

/**
 * BERT (arXiv 1810.04805), as `BertForMaskedLM` of Hugging Face transformers.
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/bert/modeling_bert.py `BertForMaskedLM`
 */
export const bert: BackboneDefinition = {
  kind: "bert",
  prefix: "bert.",
  lmClass: "BertForMaskedLM",
  parseConfig: (json, where) => parseEncoderConfig(json, where, 0),
  build: (config) =>
    new Encoder(config, {
      wordPaddingIndex: config.padTokenId,
      positionPaddingIndex: null,
      head: {
        dense: ["cls", "predictions", "transform", "dense"],
        norm: ["cls", "predictions", "transform", "LayerNorm"],
        bias: ["cls", "predictions", "bias"],
        decoder: ["cls", "predictions", "decoder"],
      },
    }),
  canonicalKey: (key, withHead, tied) => canonicalEncoderKey(key, "bert.", "cls.predictions.", withHead, tied),
  positionIds: indexPositions,
  positionValues: indexValues,
};
