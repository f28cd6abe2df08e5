import { type FeatureKind, holdsAdapter, type KAdapterConfig } from "../adapters/config.js";
import { KAdapter } from "../adapters/k-adapter.js";
import { cast, GraphBuilder, type Parameter, type Value } from "../graph/index.js";
import { type AttentionMask, atPositions, attentionMask, ParamScope, type Pass } from "../nn/index.js";
import type { HeadSizes, TaskHead } from "../tasks/task.js";

export interface KnowledgeModelOptions {
  readonly features: FeatureKind;
  readonly adapter: KAdapterConfig;
  /** The backbone's hidden size and number of layers. */
  readonly hiddenSize: number;
  readonly backboneLayers: number;
  /** Element type of the hidden states that are fed; float32 inside. */
  readonly featureDtype?: "float16" | "float32";
  /** Only the head learns: the adapter stays as it starts, and drops nothing. */
  readonly freezeAdapter?: boolean;
  makeHead(scope: ParamScope, sizes: HeadSizes): TaskHead;
}

/** Name of the input (and of the backbone graph's output) that carries a hidden state. */
export const hiddenStateName = (layer: number): string => `hidden_states.${layer}`;

/**
 * Declares the inputs that carry hidden states, `[batch, sequence, hidden]` each, and gives them as float32 by layer.
 *
 * @param dtype element type in which they are fed
 */
export function stateInputs(
  g: GraphBuilder,
  layers: readonly number[],
  hiddenSize: number,
  dtype: "float16" | "float32" = "float32",
): (layer: number) => Value {
  const states = new Map(
    [...new Set(layers)].map((layer) => {
      const fed = g.input(hiddenStateName(layer), dtype, ["batch", "sequence", hiddenSize]);
      return [layer, cast(g, fed, "float32")];
    }),
  );
  return (layer) => states.get(layer) as Value;
}

/** An adapter (or a baseline without one) and a task's head, beside a frozen backbone whose hidden states are inputs. */
export class KnowledgeModel {
  readonly adapter: KAdapter | null;
  readonly head: TaskHead;

  constructor(readonly options: KnowledgeModelOptions) {
    const { adapter, hiddenSize, features } = options;
    const scope = ParamScope.root();
    this.adapter = holdsAdapter(features) ? new KAdapter(scope, adapter, hiddenSize) : null;
    const width = { adapter: 2, output: 1, last: 1, taps: adapter.layers.length }[features];
    this.head = options.makeHead(scope, { featureSize: width * hiddenSize, hiddenSize });
  }

  get parameters(): readonly Parameter[] {
    return [...(this.adapter?.parameters ?? []), ...this.head.parameters];
  }

  /** The parameters that learn. */
  get trainable(): readonly Parameter[] {
    return this.options.freezeAdapter ? this.head.parameters : this.parameters;
  }

  /** Hidden states that the adapter (or a baseline in its place) reads at every position. */
  private get taps(): readonly number[] {
    const { features, adapter } = this.options;
    return features === "last" ? [] : adapter.layers;
  }

  /** Whether the head itself reads the last hidden state. */
  private get readsLast(): boolean {
    const { features } = this.options;
    return features === "adapter" || features === "last";
  }

  /** Hidden states that must be fed, in ascending order. */
  get neededLayers(): readonly number[] {
    const last = this.readsLast ? [this.options.backboneLayers] : [];
    return [...new Set([...this.taps, ...last])].sort((a, b) => a - b);
  }

  /**
   * How many positions of a text are all that is read of the last hidden state: those that the head selects. Null where
   * their number varies, where the adapter taps that state, or where nobody reads it.
   */
  get lastPositions(): number | null {
    if (!this.readsLast || this.taps.includes(this.options.backboneLayers)) return null;
    const positions = this.head.select(new GraphBuilder())?.shape[1];
    return typeof positions === "number" ? positions : null;
  }

  /** Declares the inputs `hidden_states.N` (`[batch, sequence, hidden]`) and `attention_mask`; adds adapter and head. */
  forward(pass: Pass): { readonly logits: Value; readonly loss: Value } {
    const { g } = pass;
    const { hiddenSize, featureDtype } = this.options;
    const states = stateInputs(g, this.neededLayers, hiddenSize, featureDtype);
    const select = this.head.select(g);
    const tokens = g.input("attention_mask", "int32", ["batch", "sequence"]);
    let masked: AttentionMask | null = null;
    const mask = () => {
      masked ??= attentionMask(g, tokens);
      return masked;
    };
    return this.head.forward(pass, this.features(pass, states, select, tokens), select, mask);
  }

  private features(
    pass: Pass,
    states: (layer: number) => Value,
    select: Value | null,
    tokens: Value,
  ): readonly Value[] {
    const { g } = pass;
    const { adapter, features, backboneLayers } = this.options;
    const picked = (value: Value) => atPositions(g, value, select);
    const taps = adapter.layers.map(states);
    if (features === "taps") return taps.map(picked);
    const own = this.options.freezeAdapter ? { ...pass, dropout: null } : pass;
    const output = this.adapter ? [this.adapter.forward(own, taps, tokens, select).output] : [];
    return features === "output" ? output : [picked(states(backboneLayers)), ...output];
  }
}

export { type FeatureKind, featureKinds } from "../adapters/config.js";
