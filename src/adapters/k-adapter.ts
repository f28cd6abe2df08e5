import { add, concat, type GraphBuilder, matmul, type Parameter, type Value } from "../graph/index.js";
import {
  type AttentionMask,
  attentionMask,
  constant,
  Linear,
  type LinearInit,
  linearInit,
  maskForQueries,
  normal,
  Packing,
  type ParamScope,
  type Pass,
  TransformerLayer,
} from "../nn/index.js";
import { type KAdapterConfig, untrainedInit } from "./config.js";

/**
 * What happened in one adapter layer, for inspection and parity checks. Each `[batch, sequence, …]`; where positions are
 * selected, what is before these is packed (`[tokens, …]`).
 */
export interface AdapterLayerTrace {
  readonly input: Value;
  readonly down: Value;
  readonly layers: readonly Value[];
  readonly up: Value;
  readonly output: Value;
}

export interface KAdapterOutput {
  /** `[batch, sequence, hidden]`, or `[batch, positions, hidden]` where positions were selected. */
  readonly output: Value;
  readonly trace: readonly AdapterLayerTrace[];
}

/** The released code: projections start near zero, everything else as PyTorch's Linear does. */
function linearInits(config: KAdapterConfig, fanIn: number): { inner: LinearInit; projection: LinearInit } {
  // What starts as the backbone's layers gets its values from outside; only biases of the projections stay as they are here.
  const start = untrainedInit(config.init);
  const inner = linearInit(fanIn, start);
  return { inner, projection: start === "official" ? { weight: normal(2e-4), bias: constant(0) } : inner };
}

/** One adapter layer: project down, N transformer layers, project up (names as in the released checkpoints). */
class AdapterLayer {
  private readonly down: Linear;
  private readonly up: Linear;
  private readonly transformer: readonly TransformerLayer[];

  constructor(scope: ParamScope, config: KAdapterConfig, inputSize: number, hiddenSize: number) {
    const { inner, projection } = linearInits(config, config.size);
    const outputInner = linearInits(config, config.intermediateSize).inner;
    this.down = new Linear(scope.at("down_project"), inputSize, config.size, projection);
    const shape = {
      hiddenSize: config.size,
      heads: config.heads,
      intermediateSize: config.intermediateSize,
      activation: "gelu" as const,
      layerNormEps: config.layerNormEps,
      hiddenDropout: config.dropout,
      attentionDropout: config.dropout,
    };
    this.transformer = Array.from(
      { length: config.transformerLayers },
      (_, i) => new TransformerLayer(scope.at("encoder", "layer", i), shape, inner, outputInner),
    );
    this.up = new Linear(scope.at("up_project"), config.size, hiddenSize, projection);
  }

  /**
   * @param x what is projected down, `[batch, sequence, H or 2H]`
   * @param residual what the result is added to, `[batch, sequence, H]`
   * @param select float32 `[batch, positions, sequence]`, rows of which pick the positions that are wanted: queries,
   * feed-forward and projection of the last transformer layer then run for these alone
   * @param mask of positions that are packed, `[tokens, …]`, `x` and `residual` are; so is the output then, unless selected
   */
  forward(pass: Pass, x: Value, residual: Value, mask: AttentionMask | null, select: Value | null): AdapterLayerTrace {
    const { g } = pass;
    const padded = (value: Value) => mask?.packing?.unpack(value) ?? value;
    const down = this.down.forward(pass, x);
    const layers: Value[] = [];
    let state = down;
    this.transformer.forEach((layer, i) => {
      const picks = i === this.transformer.length - 1 ? select : null;
      state = g.scoped(`layer.${i}`, () => {
        if (!picks) return layer.forward(pass, state, mask);
        const all = padded(state);
        return layer.forward(pass, all, mask && maskForQueries(g, mask, picks), matmul(g, picks, all));
      });
      layers.push(state);
    });
    const up = this.up.forward(pass, state);
    const kept = select ? matmul(g, select, padded(residual)) : residual;
    return { input: residual, down, layers, up, output: add(g, kept, up) };
  }
}

/**
 * K-Adapter (arXiv 2002.01808): reads hidden states of chosen layers of a frozen model and refines them step by step.
 *
 *     x_k = in(h[t_k], o_{k-1}),   o_0 = 0
 *     o_k = x_k + Up_k(Transformer_k(Down_k(x_k)))
 *
 * `in` is the sum, as in the released code, or the concatenation, as in the paper (the residual is the sum then).
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/fac-adapter.py#L315 `Adapter`
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/fac-adapter.py#L381 `AdapterModel`
 */
export class KAdapter {
  readonly parameters: readonly Parameter[];
  private readonly layers: readonly AdapterLayer[];

  /** @param hiddenSize the backbone's (H) */
  constructor(
    scope: ParamScope,
    readonly config: KAdapterConfig,
    hiddenSize: number,
  ) {
    const before = scope.all.length;
    this.layers = config.layers.map((_, k) => {
      const inputSize = config.input === "concat" && k > 0 ? 2 * hiddenSize : hiddenSize;
      return new AdapterLayer(scope.at("adapter", k), config, inputSize, hiddenSize);
    });
    this.parameters = scope.all.slice(before);
  }

  /**
   * @param taps the hidden states at `config.layers`, in that order, `[batch, sequence, hidden]` each
   * @param tokens int32 `[batch, sequence]`, 1 for a token and 0 for padding; null will do where nothing is hidden.
   * Where padding is hidden and positions are selected, nothing but attention is computed for padding.
   * @param select see {@link KAdapterOutput}: rows that pick positions, `[batch, positions, sequence]`
   */
  forward(pass: Pass, taps: readonly Value[], tokens: Value | null, select: Value | null = null): KAdapterOutput {
    const { g } = pass;
    const { config } = this;
    const hidden = this.mask(g, tokens);
    // Where every position is wanted, packing would have to be undone, and where padding is seen, it counts.
    const packing = select && hidden && tokens ? Packing.of(g, tokens) : null;
    if (packing) pass.dropout?.knows(packing);
    const mask = hidden && { ...hidden, packing };
    const trace: AdapterLayerTrace[] = [];
    let state: Value | null = null;
    this.layers.forEach((layer, k) => {
      const given = taps[k];
      if (!given) throw new Error(`the adapter reads ${this.layers.length} hidden states, ${taps.length} were given`);
      const tap = packing ? packing.pack(given) : given;
      const residual: Value = state ? add(g, tap, state) : tap;
      const x: Value = config.input === "concat" && state ? concat(g, [tap, state], -1) : residual;
      const last = k === this.layers.length - 1;
      const traced = g.scoped(`adapter.${k}`, () =>
        layer.forward(pass, x, residual, mask, last && config.skip === 0 ? select : null),
      );
      trace.push(traced);
      state = this.skip(pass, trace, traced.output);
    });
    const output = state as unknown as Value;
    if (!select || config.skip === 0) return { output, trace };
    return { output: matmul(g, select, packing ? packing.unpack(output) : output), trace };
  }

  /** What attention inside the adapter hides. Behind a causal mask padding is hidden, too: nobody reads it there. */
  private mask(g: GraphBuilder, tokens: Value | null): AttentionMask | null {
    const causal = this.config.attention === "causal";
    if (!causal && !this.config.maskPadding) return null;
    if (!tokens) throw new Error("the adapter's attention needs to know what is padding");
    return attentionMask(g, tokens, causal);
  }

  /**
   * `adapter_skip_layers` = s of the released code: after the n-th adapter layer, if s divides n, the output of layer
   * n/s (counted from 0) is added to the running state. With s = 2 that is the layer's own output, doubled.
   */
  private skip({ g }: Pass, trace: readonly AdapterLayerTrace[], state: Value): Value {
    const { skip } = this.config;
    if (skip === 0 || trace.length % skip !== 0) return state;
    const other = trace[trace.length / skip];
    if (!other)
      throw new Error(`skip ${skip} asks for the adapter layer ${trace.length / skip}, which has not run yet`);
    return add(g, state, other.output);
  }
}
