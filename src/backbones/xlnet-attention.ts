/**
 * XLNet's attention: what stands where counts only relative to the one that looks (arXiv 1906.08237, after
 * Transformer-XL, arXiv 1901.02860, §3.3). For a query i and a key j, head by head,
 *
 *     score = (q_i + b_w)·k_j + (q_i + b_r)·R·s(i − j) + (q_i + b_s)·e(segments of i and j differ)
 *     s(d)  = [sin(d·w) ; cos(d·w)],   w_m = 10000^(−2m / hidden)
 *
 * The original computes s for every distance and shifts rows into place. Here the addition theorems take s(i − j) apart,
 * so that no tensor is twice as long as the sentence:
 *
 *     u·s(i − j) = [u_sin·sin(i·w) + u_cos·cos(i·w) ; u_cos·sin(i·w) − u_sin·cos(i·w)]·[cos(j·w) ; sin(j·w)]
 *
 * @module
 */
import {
  add,
  cast,
  concat,
  cos,
  equal,
  type GraphBuilder,
  matmul,
  max,
  mul,
  not,
  type Parameter,
  reshape,
  sin,
  slice,
  sub,
  transpose,
  unsqueeze,
  type Value,
} from "../graph/index.js";
import {
  type AttentionMask,
  attend,
  biasOf,
  drop,
  LayerNorm,
  normal,
  type ParamScope,
  type Pass,
} from "../nn/index.js";
import { float32Tensor } from "../tensor.js";
import type { BackboneConfig, BackboneInputs } from "./backbone.js";

/** How queries and keys stand to each other; the same in all layers. */
export interface Relations {
  /** sin(i·w) and cos(i·w) of the queries, `[batch, 1, queries, hidden / 2]` each. */
  readonly sines: Value;
  readonly cosines: Value;
  /** [cos(j·w) ; sin(j·w)] of the keys, `[batch, 1, sequence, hidden]`. */
  readonly keys: Value;
  /** 1 where query and key are of different segments, else 0; float32 `[batch, 1, queries, sequence]`. */
  readonly differ: Value;
}

/** Every position looks at every position. */
export function relations(g: GraphBuilder, { positionIds, tokenTypeIds }: BackboneInputs, hidden: number): Relations {
  const frequencies = Float32Array.from({ length: hidden / 2 }, (_, m) => 10000 ** ((-2 * m) / hidden));
  const position = unsqueeze(g, cast(g, positionIds, "float32"), 1, 3);
  const angles = mul(g, position, g.constant(float32Tensor([hidden / 2], frequencies)));
  const [sines, cosines] = [sin(g, angles), cos(g, angles)];
  const same = equal(g, unsqueeze(g, tokenTypeIds, 1, 3), unsqueeze(g, tokenTypeIds, 1, 2));
  return { sines, cosines, keys: concat(g, [cosines, sines], -1), differ: cast(g, not(g, same), "float32") };
}

/**
 * Only chosen positions look.
 *
 * @param mapping float32 `[batch, targets, sequence]`, each row with a single 1
 */
export function relationsOfTargets(g: GraphBuilder, all: Relations, mapping: Value): Relations {
  const rows = unsqueeze(g, mapping, 1);
  const { sines, cosines, keys, differ } = all;
  return { sines: matmul(g, rows, sines), cosines: matmul(g, rows, cosines), keys, differ: matmul(g, rows, differ) };
}

/**
 * The masks of the two streams. A position always sees its own content, unless it is a target.
 *
 * @param hidden float32 `[batch, sequence, sequence]`: 1 where position i may not see position j (`perm_mask`)
 */
export function hideByPermutation(
  g: GraphBuilder,
  { attentionMask: tokens, positionIds }: BackboneInputs,
  hidden: Value,
  mapping: Value,
): { readonly content: AttentionMask; readonly query: AttentionMask } {
  const padding = unsqueeze(g, sub(g, g.scalar(1), cast(g, tokens, "float32")), 1);
  const unseen = max(g, hidden, padding);
  const others = cast(g, not(g, equal(g, unsqueeze(g, positionIds, 2), unsqueeze(g, positionIds, 1))), "float32");
  const asMask = (value: Value): AttentionMask => ({ tokens: null, bias: unsqueeze(g, biasOf(g, value), 1) });
  return { content: asMask(mul(g, unseen, others)), query: asMask(matmul(g, mapping, unseen)) };
}

/**
 * Relative attention with its residual and norm; parameters as `XLNetRelativeAttention` holds them.
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/xlnet/modeling_xlnet.py `XLNetRelativeAttention`
 */
export class RelativeAttention {
  private readonly projections: Readonly<Record<"q" | "k" | "v" | "o" | "r", Parameter>>;
  private readonly positionBias: Parameter;
  private readonly segmentBias: Parameter;
  private readonly wordBias: Parameter;
  private readonly segments: Parameter;
  private readonly norm: LayerNorm;
  private readonly headSize: number;

  constructor(
    scope: ParamScope,
    private readonly config: BackboneConfig,
  ) {
    const { hiddenSize, heads, initializerRange, layerNormEps } = config;
    this.headSize = hiddenSize / heads;
    const init = normal(initializerRange);
    const matrix = (name: string) => scope.param(name, [hiddenSize, heads, this.headSize], init);
    const bias = (name: string) => scope.param(name, [heads, this.headSize], init);
    this.projections = { q: matrix("q"), k: matrix("k"), v: matrix("v"), o: matrix("o"), r: matrix("r") };
    this.positionBias = bias("r_r_bias");
    this.segmentBias = bias("r_s_bias");
    this.wordBias = bias("r_w_bias");
    this.segments = scope.param("seg_embed", [2, heads, this.headSize], init);
    this.norm = new LayerNorm(scope.at("layer_norm"), hiddenSize, layerNormEps);
  }

  /**
   * @param content `[batch, sequence, hidden]`
   * @param queries `[batch, queries, hidden]`
   * @returns `[batch, queries, hidden]`
   */
  forward(pass: Pass, content: Value, queries: Value, relation: Relations, mask: AttentionMask): Value {
    const { g } = pass;
    const { hiddenSize, heads, hiddenDropout, attentionDropout } = this.config;
    const matrix = (name: keyof typeof this.projections) =>
      reshape(g, g.use(this.projections[name]), hiddenSize, hiddenSize);
    const q = matmul(g, queries, matrix("q"));
    const k = matmul(g, content, matrix("k"));
    const v = matmul(g, content, matrix("v"));
    const bias = add(g, this.relativeScores(g, q, relation), mask.bias);
    const words = add(g, q, reshape(g, g.use(this.wordBias), hiddenSize));
    const { context } = attend(pass, words, k, v, { tokens: null, bias }, { heads, dropout: attentionDropout });
    const output = matmul(g, context, matrix("o"), { transB: true });
    return this.norm.forward(pass, add(g, drop(pass, output, hiddenDropout), queries));
  }

  /** The parts of the scores that do not depend on the key's content; `[batch, heads, queries, sequence]`. */
  private relativeScores(g: GraphBuilder, q: Value, { sines, cosines, keys, differ }: Relations): Value {
    const { heads, hiddenSize } = this.config;
    const split = reshape(g, q, 0, 0, heads, this.headSize);
    const biased = (bias: Parameter) => transpose(g, add(g, split, g.use(bias)), 0, 2, 1, 3);
    const alpha = 1 / Math.sqrt(this.headSize);
    const u = matmul(g, biased(this.positionBias), transpose(g, g.use(this.projections.r), 1, 2, 0));
    const [uSin, uCos] = [slice(g, u, 3, 0, hiddenSize / 2), slice(g, u, 3, hiddenSize / 2, hiddenSize)];
    const turned = concat(
      g,
      [add(g, mul(g, uSin, sines), mul(g, uCos, cosines)), sub(g, mul(g, uCos, sines), mul(g, uSin, cosines))],
      -1,
    );
    const positions = matmul(g, turned, keys, { transB: true, alpha });
    const segments = transpose(g, g.use(this.segments), 1, 0, 2);
    const both = matmul(g, biased(this.segmentBias), segments, { transB: true, alpha });
    const [same, other] = [slice(g, both, 3, 0, 1), slice(g, both, 3, 1, 2)];
    return add(g, positions, add(g, same, mul(g, differ, sub(g, other, same))));
  }
}
