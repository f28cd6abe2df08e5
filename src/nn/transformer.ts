import {
  add,
  type GraphBuilder,
  gelu,
  geluWithGradient,
  mul,
  relu,
  sigmoid,
  tanh,
  type Value,
} from "../graph/index.js";
import { type AttentionMask, attend, attendFromFew, hasFewQueries } from "./attention.js";
import { drop, LayerNorm, Linear, type LinearInit, type Pass } from "./layers.js";
import type { ParamScope } from "./params.js";

type Unary = (g: GraphBuilder, x: Value) => Value;

const tanhGelu: Unary = (g, x) => gelu(g, x, "tanh");
const silu: Unary = (g, x) => mul(g, x, sigmoid(g, x));

/**
 * Activations under the names that Hugging Face's config.json gives them.
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/activations.py `ACT2FN`
 */
const activations = {
  gelu,
  gelu_python: gelu,
  gelu_new: tanhGelu,
  gelu_fast: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  relu,
  silu,
  swish: silu,
  tanh,
} satisfies Readonly<Record<string, Unary>>;

export type Activation = keyof typeof activations;
export const activationNames = Object.keys(activations) as readonly Activation[];

/** A post-norm transformer layer as in BERT. */
export interface TransformerConfig {
  readonly hiddenSize: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly activation: Activation;
  readonly layerNormEps: number;
  readonly hiddenDropout: number;
  readonly attentionDropout: number;
}

export function activate({ g, fused }: Pass, x: Value, activation: Activation): Value {
  const apply = activations[activation];
  return apply === gelu && !fused ? geluWithGradient(g, x) : apply(g, x);
}

/** What attention needs to know. */
export type AttentionConfig = Pick<
  TransformerConfig,
  "hiddenSize" | "heads" | "layerNormEps" | "hiddenDropout" | "attentionDropout"
>;

/**
 * Multi-head self-attention with its output projection, residual and norm (`attention.self`, `attention.output`).
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/bert/modeling_bert.py `BertAttention`
 */
export class SelfAttention {
  private readonly query: Linear;
  private readonly key: Linear;
  private readonly value: Linear;
  private readonly dense: Linear;
  private readonly norm: LayerNorm;

  constructor(
    scope: ParamScope,
    private readonly config: AttentionConfig,
    init: LinearInit,
  ) {
    const { hiddenSize, heads, layerNormEps } = config;
    if (hiddenSize % heads !== 0)
      throw new Error(`${heads} attention heads do not divide the hidden size ${hiddenSize}`);
    const linear = (...path: readonly string[]) => new Linear(scope.at(...path), hiddenSize, hiddenSize, init);
    this.query = linear("self", "query");
    this.key = linear("self", "key");
    this.value = linear("self", "value");
    this.dense = linear("output", "dense");
    this.norm = new LayerNorm(scope.at("output", "LayerNorm"), hiddenSize, layerNormEps);
  }

  /**
   * @param x `[batch, sequence, hidden]`, or `[tokens, hidden]` where the mask says that it is packed; so is the result then
   * @param queries the positions whose output is wanted, `[batch, positions, hidden]`; all of `x` by default
   * @param mask null lets every position be seen
   */
  forward(pass: Pass, x: Value, mask: AttentionMask | null, queries: Value = x): Value {
    return this.attend(pass, x, mask, queries).output;
  }

  /** {@link forward} with the weights, `[batch, heads, positions, sequence]`; the fused kernel does not tell them. */
  attend(
    pass: Pass,
    x: Value,
    mask: AttentionMask | null,
    queries: Value = x,
  ): { readonly output: Value; readonly weights: Value | null } {
    const packing = mask?.packing;
    const project = (linear: Linear, of: Value) => {
      const projected = linear.forward(pass, of);
      return packing ? packing.unpack(projected) : projected;
    };
    const q = project(this.query, queries);
    const { heads, hiddenDropout, attentionDropout } = this.config;
    const options = { heads, dropout: attentionDropout };
    const { context, weights } =
      hasFewQueries(queries) && !pass.int8
        ? attendFromFew(pass, q, x, { key: this.key, value: this.value }, mask, options)
        : attend(pass, q, project(this.key, x), project(this.value, x), mask, options);
    const seen = packing ? packing.pack(context) : context;
    const output = drop(pass, this.dense.forward(pass, seen), hiddenDropout);
    return { output: this.norm.forward(pass, add(pass.g, output, queries)), weights };
  }
}

/**
 * Attention and feed-forward, each with residual and norm after it (`attention`, `intermediate`, `output`).
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/bert/modeling_bert.py `BertLayer`
 */
export class TransformerLayer {
  private readonly attention: SelfAttention;
  private readonly intermediate: Linear;
  private readonly output: Linear;
  private readonly norm: LayerNorm;

  constructor(
    scope: ParamScope,
    private readonly config: TransformerConfig,
    init: LinearInit,
    /** Of the second feed-forward projection, where it depends on the number of inputs. */
    outputInit: LinearInit = init,
  ) {
    const { hiddenSize, intermediateSize, layerNormEps } = config;
    this.attention = new SelfAttention(scope.at("attention"), config, init);
    this.intermediate = new Linear(scope.at("intermediate", "dense"), hiddenSize, intermediateSize, init);
    this.output = new Linear(scope.at("output", "dense"), intermediateSize, hiddenSize, outputInit);
    this.norm = new LayerNorm(scope.at("output", "LayerNorm"), hiddenSize, layerNormEps);
  }

  /** See {@link SelfAttention.forward}. */
  forward(pass: Pass, x: Value, mask: AttentionMask | null, queries: Value = x): Value {
    const { g } = pass;
    const attended = this.attention.forward(pass, x, mask, queries);
    const inner = activate(pass, this.intermediate.forward(pass, attended), this.config.activation);
    const output = drop(pass, this.output.forward(pass, inner), this.config.hiddenDropout);
    return this.norm.forward(pass, add(g, output, attended));
  }
}
