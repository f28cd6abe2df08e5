/**
 * How a model's hidden states and the outputs of its adapters become what a head reads.
 * @module
 */
import type { FeatureKind } from "../adapters/config.js";
import { type FusionConfig, makeFusion } from "../adapters/fusion.js";
import type { Parameter, Value } from "../graph/index.js";
import type { ParamScope, Pass } from "../nn/index.js";
import type { RandomInit } from "../nn/layers.js";

/**
 * `features`: side by side, as heads read them while an adapter is pre-trained, or hidden states without an adapter
 * ({@link FeatureKind}). `fusion`: brought to one vector of the model's size, as downstream ({@link FusionConfig}).
 */
export type JoinedBy =
  | { readonly by: "features"; readonly features: FeatureKind; readonly taps: readonly number[] }
  | { readonly by: "fusion"; readonly fusion: FusionConfig; readonly init: RandomInit };

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
  return joined.by === "features" ? featureJoiner(joined, sizes) : fusionJoiner(scope, joined, sizes);
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
