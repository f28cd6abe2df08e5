/**
 * Language models that are made here: configuration, vocabulary and first guesses.
 * @module
 */

import { backboneDefinition } from "../backbones/index.js";
import { readTextLines, type TokenBlock } from "../data/text.js";
import type { newModelTypes } from "../settings/choices.js";
import { trainBpe } from "../text/bpe-trainer.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { bpeTokenizerJson } from "../text/vocab-files.js";
import type { ConfigJson } from "./language-model-folder.js";
import type { LanguageModelStart } from "./language-model-start.js";
import { neighbourAttention } from "./neighbour-attention.js";
import { logFrequencies } from "./text-blocks.js";

export interface NewModelOptions {
  readonly modelType: (typeof newModelTypes)[number];
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly vocabSize: number;
  /** Longest text in tokens. */
  readonly maxLength: number;
  readonly dropout: number;
}

/** A tokenizer's files, by name. */
export type TokenizerFiles = Readonly<Record<string, string>>;

/** Learns a vocabulary and writes it in all the forms in which it is read. */
export async function learnVocabulary(
  files: readonly string[],
  { vocabSize, maxLength, modelType }: NewModelOptions,
): Promise<TokenizerFiles> {
  const bpe = await trainBpe(texts(files), { vocabSize });
  const config = {
    tokenizer_class: modelType === "roberta" ? "RobertaTokenizer" : "PreTrainedTokenizerFast",
    add_prefix_space: true,
    bos_token: "<s>",
    cls_token: "<s>",
    eos_token: "</s>",
    sep_token: "</s>",
    pad_token: "<pad>",
    unk_token: "<unk>",
    mask_token: { __type: "AddedToken", content: "<mask>", lstrip: true, rstrip: false, normalized: false },
    model_max_length: maxLength,
    clean_up_tokenization_spaces: false,
  };
  return {
    "vocab.json": bpe.vocabJson,
    "merges.txt": bpe.mergesTxt,
    "tokenizer.json": `${JSON.stringify(bpeTokenizerJson(bpe.vocabJson, bpe.mergesTxt))}\n`,
    "tokenizer_config.json": `${JSON.stringify(config, null, 2)}\n`,
  };
}

async function* texts(files: readonly string[]): AsyncGenerator<string> {
  for await (const { text } of readTextLines(files)) yield text;
}

/** Ids of the special tokens that {@link trainBpe} puts first. */
const ids = { bos_token_id: 0, pad_token_id: 1, eos_token_id: 2 };

/** config.json of a new model, as Hugging Face writes it. */
export function newModelConfig(options: NewModelOptions, vocabSize: number): ConfigJson {
  const { modelType, layers, hiddenSize, heads, maxLength, dropout } = options;
  // As wide as BERT's at its size.
  const initializerRange = Number((0.02 * Math.sqrt(768 / hiddenSize)).toPrecision(3));
  if (modelType === "gpt2") {
    return {
      architectures: ["GPT2LMHeadModel"],
      model_type: modelType,
      vocab_size: vocabSize,
      n_embd: hiddenSize,
      n_layer: layers,
      n_head: heads,
      n_positions: maxLength,
      activation_function: "gelu_new",
      layer_norm_epsilon: 1e-5,
      embd_pdrop: dropout,
      attn_pdrop: dropout,
      resid_pdrop: dropout,
      initializer_range: initializerRange,
      ...ids,
    };
  }
  return {
    architectures: ["RobertaForMaskedLM"],
    model_type: modelType,
    vocab_size: vocabSize,
    hidden_size: hiddenSize,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: 4 * hiddenSize,
    hidden_act: "gelu",
    layer_norm_eps: 1e-5,
    hidden_dropout_prob: dropout,
    attention_probs_dropout_prob: dropout,
    // RoBERTa's first position is the one behind the padding's.
    max_position_embeddings: maxLength + 2,
    type_vocab_size: 1,
    initializer_range: initializerRange,
    ...ids,
  };
}

/**
 * A new model as a training's start. A small training has no time to find out what every training finds out, so it begins
 * with that: the head's bias says how frequent each token is, and the first layer's heads look at the neighbours
 * ({@link neighbourAttention}).
 */
export function newModelStart(
  json: ConfigJson,
  tokenizer: Tokenizer,
  train: readonly TokenBlock[],
  seed: number,
): LanguageModelStart {
  const definition = backboneDefinition(json, "the new model");
  const config = definition.parseConfig(json, "the new model");
  const { parameters, headParameters } = definition.build(config);
  const bias = headParameters.find(({ shape }) => shape.length === 1 && shape[0] === config.vocabSize);
  const given = async () => ({
    ...neighbourAttention(config, parameters, seed),
    ...(bias ? { [bias.name]: logFrequencies(train, config.vocabSize) } : {}),
  });
  return { definition, config, tokenizer, backbone: null, given };
}
