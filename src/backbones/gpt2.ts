import { z } from "zod";
import { add, matmul, max, type Parameter, slice, sub, type Value } from "../graph/index.js";
import {
  type AttentionMask,
  activate,
  atPositions,
  attend,
  attentionMask,
  Conv1D,
  constant,
  drop,
  Embedding,
  LayerNorm,
  type LinearInit,
  maskForQueries,
  normal,
  ParamScope,
  type Pass,
} from "../nn/index.js";
import {
  type Backbone,
  type BackboneConfig,
  type BackboneDefinition,
  type BackboneForwardOptions,
  type BackboneInputs,
  type BackboneOutput,
  indexPositions,
  runLayers,
  runningSum,
} from "./backbone.js";
import { activation, checkHeads, noPrunedHeads, rate, readConfig, size, tieWordEmbeddings } from "./config.js";

export interface Gpt2Config extends BackboneConfig {
  /** After the embeddings. */
  readonly embeddingDropout: number;
  /** Whether scores are divided by √(size of a head). */
  readonly scaleAttention: boolean;
  /** Whether they are divided by the layer's number (from 1), too. */
  readonly scaleByLayer: boolean;
}

const gpt2Config = z.object({
  model_type: z.string(),
  vocab_size: size(10_000_000),
  n_embd: size(65_536),
  n_layer: size(1_000),
  n_head: size(1_024),
  n_inner: size(1_048_576).nullish(),
  n_positions: size(1_000_000),
  activation_function: activation.default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  embd_pdrop: rate.default(0.1),
  attn_pdrop: rate.default(0.1),
  resid_pdrop: rate.default(0.1),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  pad_token_id: z.number().int().nonnegative().nullish(),
  eos_token_id: z.number().int().nonnegative().nullish(),
  initializer_range: z.number().positive().default(0.02),
  tie_word_embeddings: tieWordEmbeddings,
  pruned_heads: noPrunedHeads,
  add_cross_attention: z.literal(false).optional(),
});

function parseConfig(json: unknown, where: string): Gpt2Config {
  const c = readConfig(gpt2Config, json, where);
  checkHeads(["n_head", c.n_head], ["n_embd", c.n_embd], where);
  // GPT-2 knows no padding: any token of the vocabulary does, since nobody sees it.
  const padding = c.pad_token_id ?? c.eos_token_id ?? 0;
  return {
    modelType: c.model_type,
    causal: true,
    vocabSize: c.vocab_size,
    hiddenSize: c.n_embd,
    layers: c.n_layer,
    heads: c.n_head,
    intermediateSize: c.n_inner ?? 4 * c.n_embd,
    activation: c.activation_function,
    layerNormEps: c.layer_norm_epsilon,
    hiddenDropout: c.resid_pdrop,
    attentionDropout: c.attn_pdrop,
    embeddingDropout: c.embd_pdrop,
    scaleAttention: c.scale_attn_weights,
    scaleByLayer: c.scale_attn_by_inverse_layer_idx,
    maxPositions: c.n_positions,
    typeVocabSize: 0,
    padTokenId: padding < c.vocab_size ? padding : 0,
    tiedWords: c.tie_word_embeddings,
    initializerRange: c.initializer_range,
  };
}

/**
 * A pre-norm block: attention and feed-forward, each with its norm before and its residual after (`GPT2Block`).
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/gpt2/modeling_gpt2.py `GPT2Block`
 */
class Block {
  private readonly norm1: LayerNorm;
  private readonly qkv: Conv1D;
  private readonly projection: Conv1D;
  private readonly norm2: LayerNorm;
  private readonly inner: Conv1D;
  private readonly outer: Conv1D;
  private readonly scale: number;

  constructor(
    scope: ParamScope,
    private readonly config: Gpt2Config,
    layer: number,
  ) {
    const { hiddenSize, intermediateSize, layerNormEps, initializerRange, layers } = config;
    const init: LinearInit = { weight: normal(initializerRange), bias: constant(0) };
    // What is added to the residual starts smaller, as in the paper (§2.3) and `_init_weights`.
    const residual = { ...init, weight: normal(initializerRange / Math.sqrt(2 * layers)) };
    this.norm1 = new LayerNorm(scope.at("ln_1"), hiddenSize, layerNormEps);
    this.qkv = new Conv1D(scope.at("attn", "c_attn"), hiddenSize, 3 * hiddenSize, init);
    this.projection = new Conv1D(scope.at("attn", "c_proj"), hiddenSize, hiddenSize, residual);
    this.norm2 = new LayerNorm(scope.at("ln_2"), hiddenSize, layerNormEps);
    this.inner = new Conv1D(scope.at("mlp", "c_fc"), hiddenSize, intermediateSize, init);
    this.outer = new Conv1D(scope.at("mlp", "c_proj"), intermediateSize, hiddenSize, residual);
    const perHead = config.scaleAttention ? 1 / Math.sqrt(hiddenSize / config.heads) : 1;
    this.scale = config.scaleByLayer ? perHead / (layer + 1) : perHead;
  }

  /**
   * @param x `[batch, sequence, hidden]`; so is the result, or `[batch, positions, hidden]`
   * @param select float32 `[batch, positions, sequence]`, rows that pick the positions that are wanted; null for all
   */
  forward(pass: Pass, x: Value, mask: AttentionMask, select: Value | null): Value {
    const { g } = pass;
    const { hiddenSize, heads, hiddenDropout, attentionDropout, activation } = this.config;
    const qkv = this.qkv.forward(pass, this.norm1.forward(pass, x));
    const part = (i: number) => slice(g, qkv, 2, i * hiddenSize, (i + 1) * hiddenSize);
    const options = { heads, dropout: attentionDropout, scale: this.scale };
    const wanted = (value: Value) => atPositions(g, value, select);
    const seen = select ? maskForQueries(g, mask, select) : mask;
    const { context } = attend(pass, wanted(part(0)), part(1), part(2), seen, options);
    const attended = add(g, wanted(x), drop(pass, this.projection.forward(pass, context), hiddenDropout));
    const inner = activate(pass, this.inner.forward(pass, this.norm2.forward(pass, attended)), activation);
    return add(g, attended, drop(pass, this.outer.forward(pass, inner), hiddenDropout));
  }
}

/**
 * GPT-2 without token types, which the original looks up among the words.
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/gpt2/modeling_gpt2.py `GPT2Model`
 */
class Gpt2 implements Backbone {
  readonly parameters: readonly Parameter[];
  readonly headParameters: readonly Parameter[];
  private readonly word: Embedding;
  private readonly position: Embedding;
  private readonly blocks: readonly Block[];
  private readonly norm: LayerNorm;
  private readonly outputMatrix: Parameter;

  constructor(readonly config: Gpt2Config) {
    const { hiddenSize, vocabSize, maxPositions, initializerRange } = config;
    const scope = ParamScope.root();
    this.word = new Embedding(scope.at("wte"), vocabSize, hiddenSize, normal(initializerRange));
    this.position = new Embedding(scope.at("wpe"), maxPositions, hiddenSize, normal(initializerRange));
    this.blocks = Array.from({ length: config.layers }, (_, i) => new Block(scope.at("h", i), config, i));
    this.norm = new LayerNorm(scope.at("ln_f"), hiddenSize, config.layerNormEps);
    this.parameters = scope.all;
    this.outputMatrix = config.tiedWords
      ? this.word.weight
      : scope.at("lm_head").param("weight", [vocabSize, hiddenSize], normal(initializerRange));
    this.headParameters = scope.all.slice(this.parameters.length);
  }

  forward(pass: Pass, inputs: BackboneInputs, options: BackboneForwardOptions = {}): BackboneOutput {
    const { g } = pass;
    const embedded = g.scoped("embeddings", () => {
      const sum = add(g, this.word.forward(pass, inputs.inputIds), this.position.forward(pass, inputs.positionIds));
      return drop(pass, sum, this.config.embeddingDropout);
    });
    const mask = attentionMask(g, inputs.attentionMask, true);
    return runLayers(this.blocks, embedded, options, (block, input, picks, i) => {
      const state = g.scoped(`layer.${i}`, () => block.forward(pass, input, mask, picks));
      // Hugging Face's last hidden state has gone through the last norm; the others have not.
      return i === this.blocks.length - 1 ? this.norm.forward(pass, state) : state;
    });
  }

  lmLogits({ g }: Pass, hidden: Value): Value {
    return g.scoped("lm_head", () => matmul(g, hidden, g.use(this.outputMatrix), { transB: true }));
  }
}

/** GPT-2 (Radford et al. 2019), as `GPT2LMHeadModel` of Hugging Face transformers. */
export const gpt2: BackboneDefinition<Gpt2Config> = {
  kind: "gpt2",
  prefix: "transformer.",
  lmClass: "GPT2LMHeadModel",
  parseConfig,
  build: (config) => new Gpt2(config),
  canonicalKey: (key, withHead, tied = true) => {
    const name = key.replace(/^transformer\./, "");
    if (name === "lm_head.weight") return withHead && !tied ? name : null;
    // The masks are buffers of older versions, the scores a head of another task.
    return /^(h\.\d+\.attn\.(bias|masked_bias)|score\.weight)$/.test(name) ? null : name;
  },
  positionIds: indexPositions,
  // Padding on the left counts for nothing, as where Hugging Face generates text (`cumsum(-1) - 1`).
  positionValues: (g, _inputIds, mask) => max(g, sub(g, runningSum(g, mask), g.int32(1)), g.int32(0)),
};
