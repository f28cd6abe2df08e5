/**
 * How a model's hidden states and the outputs of its adapters become what a head reads.
 * @module
 */
import type { FeatureKind } from "../adapters/config.js";
import { type FusionConfig, makeFusion } from "../adapters/fusion.js";
import { add, matmul, mul, type Parameter, slice, type Value } from "../graph/index.js";
import { constant, type ParamScope, type Pass } from "../nn/index.js";
import type { RandomInit } from "../nn/layers.js";

/**
 * `features`: side by side, as heads read them while an adapter is pre-trained, or hidden states without an adapter
 * ({@link FeatureKind}). `fusion`: brought to one vector of the model's size, as downstream ({@link FusionConfig}).
 * `residual`: the last hidden state, and beside it what the adapters add to it, for the model's own language-model head;
 * each adds its own, or a fusion of all is added.
 */
export type JoinedBy =
  | { readonly by: "features"; readonly features: FeatureKind; readonly taps: readonly number[] }
  | { readonly by: "fusion"; readonly fusion: FusionConfig; readonly init: RandomInit }
  | { readonly by: "residual"; readonly fused?: { readonly fusion: FusionConfig; readonly init: RandomInit } };

/** Joins hidden states and adapters' outputs, `[batch, positions, hidden]` each. */
export interface Joiner {
  /** Its own parameters. */
  readonly parameters: readonly Parameter[];
  /** Those of its parameters that belong to the adapters, and are frozen with them. */
  readonly adapterParameters: readonly Parameter[];
  /** How many vectors of the model's size stand side by side in what the head reads. */
  readonly width: number;
  /** Hidden states that it reads itself, beside those that adapters tap. */
  readonly layers: readonly number[];
  /** Whether a hidden state that no adapter taps is fed only at the positions that the head reads. */
  readonly narrows: boolean;
  /**
   * @param state a hidden state that it reads
   * @param outputs the adapters', in their order
   * @returns what the head reads, to be concatenated along the last axis
   */
  join(pass: Pass, state: (layer: number) => Value, outputs: readonly Value[]): readonly Value[];
}

export interface JoinerSizes {
  /** Names of the adapters; they name a fusion's parameters. */
  readonly names: readonly string[];
  readonly hiddenSize: number;
  /** Layers of the backbone. */
  readonly last: number;
}

export function makeJoiner(scope: ParamScope, joined: JoinedBy, sizes: JoinerSizes): Joiner {
  switch (joined.by) {
    case "features":
      return featureJoiner(joined, sizes);
    case "fusion":
      return fusionJoiner(scope, joined, sizes);
    case "residual":
      return joined.fused ? fusedResidualJoiner(scope, joined.fused, sizes) : residualJoiner(scope, sizes);
  }
}

function featureJoiner({ features, taps }: Extract<JoinedBy, { by: "features" }>, { last }: JoinerSizes): Joiner {
  const layers = { adapter: [last], output: [], last: [last], taps }[features];
  const width = layers.length + (features === "adapter" || features === "output" ? 1 : 0);
  return {
    ...{ parameters: [], adapterParameters: [], width, layers, narrows: features === "adapter" || features === "last" },
    join: (_, state, outputs) => [...layers.map(state), ...outputs],
  };
}

function fusionJoiner(
  scope: ParamScope,
  { fusion, init }: Extract<JoinedBy, { by: "fusion" }>,
  { names, hiddenSize, last }: JoinerSizes,
): Joiner {
  const made = makeFusion(scope, { ...fusion, names, hiddenSize, init });
  const { taps } = fusion;
  return {
    ...{ parameters: made.parameters, adapterParameters: made.adapterParameters, width: 1 },
    ...{ layers: taps ?? [last], narrows: false },
    join: (pass, state, outputs) => {
      const read = taps?.map(state) ?? outputs;
      return [made.forward(pass, state(taps?.at(-1) ?? last), read)];
    },
  };
}

/**
 * Name of a {@link JoinedBy} `residual` model's input that opens and shuts adapters: float32
 * `[batch, positions, adapters]`, 1 where an adapter is to add something and 0 where the model is to be itself. A fusion
 * has one gate for all, `[batch, positions, 1]`.
 */
export const gatesInput = "gates";

/**
 *     h[L]   and   Σ_a gate_a · W_a·o_a
 *
 * W_a is zero at the start: without learning, and behind a shut gate, nothing is added to h[L], to the bit.
 */
function residualJoiner(scope: ParamScope, { names, hiddenSize, last }: JoinerSizes): Joiner {
  const weights = names.map((name) =>
    scope.at(...(name === "" ? [] : [name]), "join").param("weight", [hiddenSize, hiddenSize], constant(0)),
  );
  return {
    ...{ parameters: weights, adapterParameters: [], width: 2, layers: [last], narrows: true },
    join: ({ g }, state, outputs) => {
      const gates = g.input(gatesInput, "float32", ["batch", "positions", names.length]);
      const added = outputs.map((output, a) => {
        const gate = names.length === 1 ? gates : slice(g, gates, 2, a, a + 1);
        return mul(g, matmul(g, output, g.use(weights[a] as Parameter), { transB: true }), gate);
      });
      return [state(last), added.reduce((sum, one) => add(g, sum, one))];
    },
  };
}

/**
 *     h[L]   and   gate · W·fusion(h[L], o_1 … o_n)
 *
 * W is zero at the start, as above.
 */
function fusedResidualJoiner(
  scope: ParamScope,
  { fusion, init }: { readonly fusion: FusionConfig; readonly init: RandomInit },
  { names, hiddenSize, last }: JoinerSizes,
): Joiner {
  const made = makeFusion(scope, { ...fusion, names, hiddenSize, init });
  const weight = scope.at("join").param("weight", [hiddenSize, hiddenSize], constant(0));
  return {
    ...{ parameters: [...made.parameters, weight], adapterParameters: made.adapterParameters },
    ...{ width: 2, layers: [last], narrows: true },
    join: (pass, state, outputs) => {
      const { g } = pass;
      const gate = g.input(gatesInput, "float32", ["batch", "positions", 1]);
      const fused = made.forward(pass, state(last), outputs);
      return [state(last), mul(g, matmul(g, fused, g.use(weight), { transB: true }), gate)];
    },
  };
}
