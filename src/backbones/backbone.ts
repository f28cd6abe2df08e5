/**
 * What every pre-trained language model offers here.
 * @module
 */
import { add, type GraphBuilder, mul, type Parameter, sub, type Value } from "../graph/index.js";
import type { Pass, TransformerConfig } from "../nn/index.js";
import type { HostTensor } from "../tensor.js";

/** The sizes and settings that the rest of the project reads; parsed from Hugging Face's config.json. */
export interface BackboneConfig extends TransformerConfig {
  readonly modelType: string;
  /** Whether a position sees only itself and what is before it, and its scores are those of the next token. */
  readonly causal: boolean;
  readonly vocabSize: number;
  readonly layers: number;
  /** The most tokens that it has positions for; Infinity where positions are relative. */
  readonly maxPositions: number;
  /** Rows for token types; 0 where the model has none. */
  readonly typeVocabSize: number;
  readonly padTokenId: number;
  /** Whether the word embedding is the output matrix, too (`tie_word_embeddings`); else the head has its own. */
  readonly tiedWords: boolean;
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
  /**
   * `[batch, sequence, hidden]` each, the last one `[batch, positions, hidden]` where positions were selected; [0] is the
   * embedding output, [i] the output of layer i, as Hugging Face counts.
   */
  readonly hiddenStates: readonly Value[];
  readonly last: Value;
}

export interface Backbone {
  readonly config: BackboneConfig;
  /** Parameters of the model and of its language-model head, by Hugging Face's names without the model's prefix. */
  readonly parameters: readonly Parameter[];
  readonly headParameters: readonly Parameter[];
  /** How words are predicted that the model does not see, where that takes a pass of its own (XLNet). */
  readonly targets?: TargetStream;
  forward(pass: Pass, inputs: BackboneInputs, options?: BackboneForwardOptions): BackboneOutput;
  /**
   * Scores over the vocabulary: `[…, hidden]` → `[…, vocab]`. The output matrix is the word embedding, or the head's own
   * where the configuration does not tie them.
   */
  lmLogits(pass: Pass, hidden: Value): Value;
}

/** Predicts words that are hidden from the positions that predict them. */
export interface TargetStream {
  /** What it needs beside the model's; loaded together with the head. */
  readonly parameters: readonly Parameter[];
  /**
   * @param hidden float32 `[batch, sequence, sequence]`: 1 where position i may not see position j
   * @param mapping float32 `[batch, targets, sequence]`, each row with a single 1: the positions that are predicted
   * @returns `[batch, targets, hidden]`, for {@link Backbone.lmLogits}
   */
  forward(pass: Pass, inputs: BackboneInputs, hidden: Value, mapping: Value): Value;
}

export interface BackboneForwardOptions {
  /** Stop after this layer; what follows is not computed. */
  readonly upTo?: number;
  /**
   * float32 `[batch, positions, sequence]`, each row with a single 1: the last layer that is computed gives these
   * positions alone. Queries, attention's output and feed-forward then run for nothing else.
   */
  readonly select?: Value | null;
}

/**
 * Runs layers one after the other as far as they are wanted, and gives all hidden states.
 *
 * @param first what the first layer reads
 * @param run one layer, its number counted from 0; `picks` are the positions that alone are computed, if not all
 */
export function runLayers<Layer>(
  layers: readonly Layer[],
  first: Value,
  { upTo = layers.length, select = null }: BackboneForwardOptions,
  run: (layer: Layer, input: Value, picks: Value | null, number: number) => Value,
): { readonly hiddenStates: readonly Value[]; readonly last: Value } {
  const hiddenStates = [first];
  let last = first;
  for (const [i, layer] of layers.slice(0, upTo).entries()) {
    last = run(layer, last, i === upTo - 1 ? select : null, i);
    hiddenStates.push(last);
  }
  return { hiddenStates, last };
}

/** One kind of pre-trained model. */
export interface BackboneDefinition<C extends BackboneConfig = BackboneConfig> {
  /** `model_type` in config.json. */
  readonly kind: string;
  parseConfig(json: unknown, where: string): C;
  build(config: C): Backbone;
  /** What Hugging Face puts before the names of the model's parameters where a head stands beside it: `roberta.`. */
  readonly prefix: string;
  /** Hugging Face's class of the model with its language-model head. */
  readonly lmClass: string;
  /**
   * This project's name for a weight file's key, or null for a key that is not used: pooler, buffers, and copies of the
   * word embedding where the output matrix is tied to it, which transformers does not read either.
   *
   * @param tied {@link BackboneConfig.tiedWords}; counts for the head alone
   */
  canonicalKey(key: string, withHead: boolean, tied?: boolean): string | null;
  /** Position of every token, padding included, as Hugging Face counts: `[batch, sequence]`. */
  positionIds(inputIds: HostTensor<"int32">, attentionMask: HostTensor<"int32">, config: C): HostTensor<"int32">;
  /** {@link positionIds} inside a graph, for tokens: at padding, which nobody reads, they may be others. */
  positionValues(g: GraphBuilder, inputIds: Value, attentionMask: Value, config: C): Value;
  /** The first token's position: those before it are no token's, and texts are so much shorter. 0 where left out. */
  firstPosition?(config: C): number;
}

/** A kind of model and the configuration of one. */
export interface ConfiguredBackbone {
  readonly definition: BackboneDefinition;
  readonly config: BackboneConfig;
}

/**
 * The key that a weight file has for each parameter, the head's included. Of an untied head's two biases, which
 * transformers 5 both writes, it is the decoder's, the one that is read there.
 */
export function parameterKeys(
  { canonicalKey }: Pick<BackboneDefinition, "canonicalKey">,
  { tiedWords }: BackboneConfig,
  keys: Iterable<string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const key of keys) {
    const name = canonicalKey(key, true, tiedWords);
    if (name !== null && (!found.has(name) || key === name)) found.set(name, key);
  }
  return found;
}

/** Position of every token is its index, whatever is padding. */
export function indexPositions(inputIds: HostTensor<"int32">): HostTensor<"int32"> {
  const width = inputIds.shape[1] as number;
  return { ...inputIds, data: inputIds.data.map((_, i) => i % width) };
}

/** {@link indexPositions} inside a graph: int32 `[batch, sequence]`. */
export function indexValues(g: GraphBuilder, inputIds: Value): Value {
  const ones = add(g, mul(g, inputIds, g.int32(0)), g.int32(1));
  return sub(g, runningSum(g, ones), g.int32(1));
}

/** Sums of what stands before each position and at it. */
export const runningSum = (g: GraphBuilder, counts: Value): Value => g.emitOne("CumSum", [counts, g.int(1)], {});

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
