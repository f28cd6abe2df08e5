/**
 * Products with int8 weights, for inference: symmetric signed weights with a scale for each output, activations
 * quantised when the graph runs (`DynamicQuantizeMatMul`: one scale for the whole tensor, so a sentence's result depends
 * a little on its batch).
 * @module
 */
import type { GraphBuilder, Parameter, Value } from "../graph/index.js";
import { constant } from "./params.js";

/** A weight `[outputs, inputs]` as int8: `values` `[inputs, outputs]`, `scales` float32 `[outputs]`. */
export interface Int8Weight {
  readonly values: Parameter;
  readonly scales: Parameter;
}

const suffixes = { values: ".int8", scales: ".int8_scale" } as const;

export function int8Weight({ name, shape: [outputs, inputs] }: Parameter): Int8Weight {
  const init = constant(0);
  return {
    values: { name: `${name}${suffixes.values}`, shape: [inputs as number, outputs as number], dtype: "int8", init },
    scales: { name: `${name}${suffixes.scales}`, shape: [outputs as number], dtype: "float32", init },
  };
}

/** Name of the weight that a parameter is an int8 form of, or null. */
export function quantizedFrom(name: string): string | null {
  const suffix = Object.values(suffixes).find((end) => name.endsWith(end));
  return suffix === undefined ? null : name.slice(0, -suffix.length);
}

/** Name of the scales of a weight's int8 form. */
export const scalesOf = (weight: string): string => `${weight}${suffixes.scales}`;

/** `x·Wᵀ + b` with W as int8: `[…, inputs]` → `[…, outputs]` */
export function int8Product(g: GraphBuilder, x: Value, { values, scales }: Int8Weight, bias: Value): Value {
  const zero = g.constant({ dtype: "int8", shape: [], data: new Int8Array(1) });
  return g.emitOne("DynamicQuantizeMatMul", [x, g.use(values), g.use(scales), zero, bias], {});
}

/**
 * Rounds a weight to integers of so many bits, each output by its own largest element: w ≈ scale·q.
 *
 * @param weight float32 `[outputs, inputs]`
 * @param bits 8, or 7 where a processor's 8-bit products could overflow their 16-bit sums
 * @returns `values` int8 `[inputs, outputs]`, `scales` float32 `[outputs]`
 */
export function quantizeWeight(
  weight: Float32Array,
  outputs: number,
  bits: 7 | 8,
): { readonly values: Int8Array; readonly scales: Float32Array } {
  const inputs = weight.length / outputs;
  const top = 2 ** (bits - 1) - 1;
  const values = new Int8Array(weight.length);
  const scales = new Float32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const row = weight.subarray(o * inputs, (o + 1) * inputs);
    const largest = row.reduce((max, w) => Math.max(max, Math.abs(w)), 0);
    const scale = largest > 0 ? largest / top : 1;
    scales[o] = scale;
    for (let i = 0; i < inputs; i++) values[i * outputs + o] = Math.round((row[i] as number) / scale);
  }
  return { values, scales };
}
