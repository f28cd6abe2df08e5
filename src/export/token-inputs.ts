/**
 * What an exported graph makes of token ids, as the rest of the project computes it outside of graphs.
 * @module
 */
import { type BackboneInputs, type ConfiguredBackbone, indexValues } from "../backbones/backbone.js";
import { cast, type GraphBuilder, mul, type Value } from "../graph/index.js";

/** Names of the inputs, as Hugging Face's tokenizers give them. */
export const inputNames = {
  ids: "input_ids",
  mask: "attention_mask",
  types: "token_type_ids",
  /** Positions of the words of trees. */
  words: "word_positions",
} as const;

/** Token ids in a graph, int32 `[batch, sequence]` each. */
export interface TextTokens extends BackboneInputs {
  /** 0, 1, 2 … */
  readonly index: Value;
}

/** Whether clients give token types: where the model has several, so that none is taken for another's. */
export const hasTokenTypes = ({ config }: ConfiguredBackbone): boolean => config.typeVocabSize > 1;

/** Declares a graph's inputs, int64 `[batch, sequence]` as clients feed them; positions are computed. */
export function tokenInputs(g: GraphBuilder, backbone: ConfiguredBackbone): TextTokens {
  const fed = (name: string) => cast(g, g.input(name, "int64", ["batch", "sequence"]), "int32");
  return g.scoped("tokens", () => {
    const inputIds = fed(inputNames.ids);
    const attentionMask = fed(inputNames.mask);
    const { definition, config } = backbone;
    return {
      inputIds,
      attentionMask,
      positionIds: definition.positionValues(g, inputIds, attentionMask, config),
      tokenTypeIds: hasTokenTypes(backbone) ? fed(inputNames.types) : mul(g, inputIds, g.int32(0)),
      index: indexValues(g, inputIds),
    };
  });
}
