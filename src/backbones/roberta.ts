import { add, cast, equal, mul, not } from "../graph/index.js";
import { type BackboneDefinition, runningSum } from "./backbone.js";
import { parseEncoderConfig } from "./config.js";
import { canonicalEncoderKey, Encoder } from "./encoder.js";

/**
 * RoBERTa (arXiv 1907.11692), as `RobertaForMaskedLM` of Hugging Face transformers.
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/roberta/modeling_roberta.py `RobertaForMaskedLM`
 */
export const roberta: BackboneDefinition = {
  kind: "roberta",
  prefix: "roberta.",
  lmClass: "RobertaForMaskedLM",
  parseConfig: (json, where) => parseEncoderConfig(json, where, 1),
  build: (config) =>
    new Encoder(config, {
      wordPaddingIndex: config.padTokenId,
      positionPaddingIndex: config.padTokenId,
      head: {
        dense: ["lm_head", "dense"],
        norm: ["lm_head", "layer_norm"],
        bias: ["lm_head", "bias"],
        decoder: ["lm_head", "decoder"],
      },
    }),
  canonicalKey: (key, withHead, tied) => canonicalEncoderKey(key, "roberta.", "lm_head.", withHead, tied),
  // Tokens count on from padding_idx + 1, padding stays at padding_idx (`create_position_ids_from_input_ids`).
  positionIds: (inputIds, _mask, config) => {
    const width = inputIds.shape[1] as number;
    let count = 0;
    const data = inputIds.data.map((id, i) => {
      if (i % width === 0) count = 0;
      return id === config.padTokenId ? config.padTokenId : config.padTokenId + ++count;
    });
    return { ...inputIds, data };
  },
  positionValues: (g, inputIds, _mask, { padTokenId }) => {
    const tokens = cast(g, not(g, equal(g, inputIds, g.int32(padTokenId))), "int32");
    return add(g, mul(g, runningSum(g, tokens), tokens), g.int32(padTokenId));
  },
  firstPosition: (config) => config.padTokenId + 1,
};

/** XLM-RoBERTa (arXiv 1911.02116): RoBERTa over another vocabulary, under the same names. */
export const xlmRoberta: BackboneDefinition = { ...roberta, kind: "xlm-roberta", lmClass: "XLMRobertaForMaskedLM" };
