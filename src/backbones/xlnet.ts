import { z } from "zod";
import { add, matmul, mul, type Parameter, type Value } from "../graph/index.js";
import {
  type AttentionMask,
  activate,
  attentionMask,
  constant,
  drop,
  Embedding,
  LayerNorm,
  Linear,
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
  indexValues,
  runLayers,
  type TargetStream,
} from "./backbone.js";
import { activation, checkHeads, noPrunedHeads, rate, readConfig, size, tieWordEmbeddings } from "./config.js";
import {
  hideByPermutation,
  type Relations,
  RelativeAttention,
  relations,
  relationsOfTargets,
} from "./xlnet-attention.js";

const xlnetConfig = z.object({
  model_type: z.string(),
  vocab_size: size(10_000_000),
  d_model: size(65_536).refine((width) => width % 2 === 0, "must be even: positions are sines beside cosines"),
  n_layer: size(1_000),
  n_head: size(1_024),
  d_inner: size(1_048_576),
  ff_activation: activation.default("gelu"),
  layer_norm_eps: z.number().positive().default(1e-12),
  dropout: rate.default(0.1),
  initializer_range: z.number().positive().default(0.02),
  pad_token_id: z.number().int().nonnegative().nullish(),
  // Settings that no published model changes.
  attn_type: z.literal("bi").optional(),
  bi_data: z.literal(false).optional(),
  clamp_len: z.number().max(0, "distances between words are not clamped here; expected -1").optional(),
  same_length: z.literal(false).optional(),
  pruned_heads: noPrunedHeads,
  tie_word_embeddings: tieWordEmbeddings,
});

function parseConfig(json: unknown, where: string): BackboneConfig {
  const c = readConfig(xlnetConfig, json, where);
  checkHeads(["n_head", c.n_head], ["d_model", c.d_model], where);
  return {
    modelType: c.model_type,
    causal: false,
    vocabSize: c.vocab_size,
    hiddenSize: c.d_model,
    layers: c.n_layer,
    heads: c.n_head,
    intermediateSize: c.d_inner,
    activation: c.ff_activation,
    layerNormEps: c.layer_norm_eps,
    hiddenDropout: c.dropout,
    attentionDropout: c.dropout,
    // Only distances between words count.
    maxPositions: Number.POSITIVE_INFINITY,
    typeVocabSize: 0,
    padTokenId: c.pad_token_id ?? 5,
    tiedWords: c.tie_word_embeddings,
    initializerRange: c.initializer_range,
  };
}

/**
 * Relative attention and feed-forward, each with residual and norm after it (`XLNetLayer`).
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/xlnet/modeling_xlnet.py `XLNetLayer`
 */
class Layer {
  private readonly attention: RelativeAttention;
  private readonly norm: LayerNorm;
  private readonly inner: Linear;
  private readonly outer: Linear;

  constructor(
    scope: ParamScope,
    private readonly config: BackboneConfig,
  ) {
    const { hiddenSize, intermediateSize, layerNormEps, initializerRange } = config;
    const init = { weight: normal(initializerRange), bias: constant(0) };
    this.attention = new RelativeAttention(scope.at("rel_attn"), config);
    this.norm = new LayerNorm(scope.at("ff", "layer_norm"), hiddenSize, layerNormEps);
    this.inner = new Linear(scope.at("ff", "layer_1"), hiddenSize, intermediateSize, init);
    this.outer = new Linear(scope.at("ff", "layer_2"), intermediateSize, hiddenSize, init);
  }

  /**
   * @param content what is looked at, `[batch, sequence, hidden]`
   * @param queries what looks, `[batch, queries, hidden]`
   */
  forward(pass: Pass, content: Value, queries: Value, relation: Relations, mask: AttentionMask): Value {
    const { activation, hiddenDropout } = this.config;
    const attended = this.attention.forward(pass, content, queries, relation, mask);
    const inner = activate(pass, this.inner.forward(pass, attended), activation);
    const output = this.outer.forward(pass, drop(pass, inner, hiddenDropout));
    return this.norm.forward(pass, add(pass.g, drop(pass, output, hiddenDropout), attended));
  }
}

/**
 * XLNet without memory of earlier segments.
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/xlnet/modeling_xlnet.py `XLNetModel`
 */
class Xlnet implements Backbone {
  readonly parameters: readonly Parameter[];
  readonly headParameters: readonly Parameter[];
  readonly targets: TargetStream;
  private readonly word: Embedding;
  private readonly layers: readonly Layer[];
  private readonly headBias: Parameter;
  private readonly outputMatrix: Parameter;

  constructor(readonly config: BackboneConfig) {
    const { hiddenSize, vocabSize, initializerRange } = config;
    const scope = ParamScope.root();
    this.word = new Embedding(scope.at("word_embedding"), vocabSize, hiddenSize, normal(initializerRange));
    this.layers = Array.from({ length: config.layers }, (_, i) => new Layer(scope.at("layer", i), config));
    this.parameters = scope.all;
    const head = scope.at("lm_loss");
    this.outputMatrix = config.tiedWords
      ? this.word.weight
      : head.param("weight", [vocabSize, hiddenSize], normal(initializerRange));
    this.headBias = head.param("bias", [vocabSize], constant(0));
    this.headParameters = scope.all.slice(this.parameters.length);
    const mask = ParamScope.root().param("mask_emb", [1, 1, hiddenSize], normal(initializerRange));
    this.targets = {
      parameters: [mask],
      forward: (pass, inputs, hidden, mapping) => this.predictTargets(pass, inputs, hidden, mapping, mask),
    };
  }

  private embed(pass: Pass, { inputIds }: BackboneInputs): Value {
    return pass.g.scoped("embeddings", () => drop(pass, this.word.forward(pass, inputIds), this.config.hiddenDropout));
  }

  forward(pass: Pass, inputs: BackboneInputs, options: BackboneForwardOptions = {}): BackboneOutput {
    const { g } = pass;
    const embedded = this.embed(pass, inputs);
    const relation = relations(g, inputs, this.config.hiddenSize);
    const mask = attentionMask(g, inputs.attentionMask);
    const { hiddenStates, last } = runLayers(this.layers, embedded, options, (layer, input, picks, i) =>
      g.scoped(`layer.${i}`, () => {
        if (!picks) return layer.forward(pass, input, input, relation, mask);
        return layer.forward(pass, input, matmul(g, picks, input), relationsOfTargets(g, relation, picks), mask);
      }),
    );
    return { hiddenStates, last: drop(pass, last, this.config.hiddenDropout) };
  }

  /** Two streams (arXiv 1906.08237, §2.3): queries that know where they are, but not which word stands there. */
  private predictTargets(pass: Pass, inputs: BackboneInputs, hidden: Value, mapping: Value, mask: Parameter): Value {
    const { g } = pass;
    const relation = relations(g, inputs, this.config.hiddenSize);
    const ofTargets = relationsOfTargets(g, relation, mapping);
    const { content: contentMask, query: queryMask } = hideByPermutation(g, inputs, hidden, mapping);
    let content = this.embed(pass, inputs);
    // One mask embedding for each target.
    const first = mul(g, g.emitOne("ReduceSum", [mapping, g.ints(2)], { keepdims: true }), g.use(mask));
    let queries = drop(pass, first, this.config.hiddenDropout);
    for (const layer of this.layers) {
      const seen = content;
      queries = layer.forward(pass, seen, queries, ofTargets, queryMask);
      content = layer.forward(pass, seen, seen, relation, contentMask);
    }
    return drop(pass, queries, this.config.hiddenDropout);
  }

  lmLogits({ g }: Pass, hidden: Value): Value {
    return g.scoped("lm_loss", () =>
      add(g, matmul(g, hidden, g.use(this.outputMatrix), { transB: true }), g.use(this.headBias)),
    );
  }
}

/** XLNet (arXiv 1906.08237), as `XLNetLMHeadModel` of Hugging Face transformers. */
export const xlnet: BackboneDefinition = {
  kind: "xlnet",
  prefix: "transformer.",
  lmClass: "XLNetLMHeadModel",
  parseConfig,
  build: (config) => new Xlnet(config),
  canonicalKey: (key, withHead, tied = true) => {
    const name = key.replace(/^transformer\./, "");
    if (name === "lm_loss.weight") return withHead && !tied ? name : null;
    return !withHead && (name === "lm_loss.bias" || name === "mask_emb") ? null : name;
  },
  // Any origin does: only differences are read.
  positionIds: indexPositions,
  positionValues: indexValues,
};
