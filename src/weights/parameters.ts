/**
 * Parameters as plain float32 data, and as the tensors that files and executors hold.
 * @module
 */
import { float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import type { Parameters } from "./strict-load.js";

/** Parameters as tensors by name; they share the data. */
export const tensorsOf = (parameters: Parameters): ReadonlyMap<string, HostTensor<"float32">> =>
  new Map([...parameters].map(([name, { shape, data }]) => [name, float32Tensor(shape, data)]));

/** The declared parameters among tensors. */
export const parametersIn = (
  tensors: Readonly<Record<string, HostTensor>>,
  declared: readonly { readonly name: string; readonly shape: readonly number[] }[],
): Parameters => new Map(declared.map(({ name, shape }) => [name, { shape, data: floatsOf(tensors, name) }]));
