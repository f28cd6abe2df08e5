import type { Tensors } from "../src/engine/executor.js";
import type { Parameter } from "../src/graph/index.js";
import { initialValue } from "../src/nn/index.js";
import { float32Tensor } from "../src/tensor.js";
import { writeSafetensors } from "../src/weights/safetensors-writer.js";

/**
 * Writes what a training starts from, for the peer.
 *
 * @param given start values that do not follow from the seed
 */
export const writeStart = (
  path: string,
  parameters: readonly Parameter[],
  seed: number,
  given: Tensors = {},
): Promise<void> =>
  writeSafetensors(
    path,
    parameters.map((one) => [one.name, given[one.name] ?? float32Tensor(one.shape, initialValue(one, seed))]),
  );
