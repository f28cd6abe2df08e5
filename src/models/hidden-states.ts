import { cast, type GraphBuilder, type Value } from "../graph/index.js";

/** Name of the input (and of the backbone graph's output) that carries a hidden state. */
export const hiddenStateName = (layer: number): string => `hidden_states.${layer}`;

/** Name of the input that carries an adapter's output, where that is fed. */
export const adapterOutputName = (adapter: string): string => `adapter_output.${adapter}`;

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
