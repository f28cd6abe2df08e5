/**
 * What every pre-trained language model offers here.
 * @module
 */
import type { GraphBuilder, Parameter, Value } from "../graph/index.js";
import type { Pass, TransformerConfig } from "../nn/index.js";
import type { HostTensor } from "../tensor.js";

/** The sizes and settings that the rest of the project reads; parsed from Hugging Face's config.json. */
export interface BackboneConfig extends TransformerConfig {
  readonly modelType: string;
  readonly vocabSize: number;
  readonly layers: number;
  readonly maxPositions: number;
  readonly typeVocabSize: number;
  readonly padTokenId: number;
  readonly initializerRange: number;
}

/** A graph's inputs for a batch of token ids; int32 `[batch, sequence]` each. */
export interface BackboneInputs {
  readonly inputIds: Value;
  /** 1 for a token, 0 for padding. */
  readonly attentionMask: Value;
  readonly positionIds: Value;
  readonly tokenTypeIds: Value;
}

export interface BackboneOutput {
  /** `[batch, sequence, hidden]` each; [0] is the embedding output, [i] the output of layer i. */
  readonly hiddenStates: readonly Value[];
  readonly last: Value;
}

export interface Backbone {
  readonly config: BackboneConfig;
  /** Parameters of the model and of its masked-LM head, by Hugging Face's names without the model's prefix. */
  readonly parameters: readonly Parameter[];
  readonly headParameters: readonly Parameter[];
  forward(pass: Pass, inputs: BackboneInputs, options?: BackboneForwardOptions): BackboneOutput;
  /** Scores over the vocabulary: `[…, hidden]` → `[…, vocab]`. The output matrix is the word embedding. */
  maskedLmLogits(pass: Pass, hidden: Value): Value;
}

export interface BackboneForwardOptions {
  /** Stop after this layer; what follows is not computed. */
  readonly upTo?: number;
}

/** One kind of pre-trained model. */
export interface BackboneDefinition {
  /** `model_type` in config.json. */
  readonly kind: string;
  parseConfig(json: unknown, where: string): BackboneConfig;
  build(config: BackboneConfig): Backbone;
  /** This project's name for a weight file's key, or null for a key that is not used (pooler, buffers, tied copies). */
  canonicalKey(key: string, withHead: boolean): string | null;
  /** Position of every token, padding included, as Hugging Face counts: `[batch, sequence]`. */
  positionIds(
    inputIds: HostTensor<"int32">,
    attentionMask: HostTensor<"int32">,
    config: BackboneConfig,
  ): HostTensor<"int32">;
}

/** Declares the inputs of a backbone's graph. */
export function backboneInputs(g: GraphBuilder): BackboneInputs {
  const ids = (name: string) => g.input(name, "int32", ["batch", "sequence"]);
  return {
    inputIds: ids("input_ids"),
    attentionMask: ids("attention_mask"),
    positionIds: ids("position_ids"),
    tokenTypeIds: ids("token_type_ids"),
  };
}
