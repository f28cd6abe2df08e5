import { UserError } from "../errors.js";
import { makeFolder } from "../files/atomic.js";
import type { Parameter } from "../graph/index.js";
import { join } from "../host/paths.js";
import { quantizedFrom, quantizeWeight, scalesOf } from "../nn/index.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { readCheckedTensors, writeCheckedTensors } from "../weights/checked-tensors.js";
import { hashJson } from "../weights/hash.js";

export interface Int8Source {
  /** Hash of the float32 weights. */
  readonly hash: string;
  /** Hash of the configuration that they belong to. */
  readonly configHash: string;
  readonly bits: 7 | 8;
  /** Folder in which the result is kept; null keeps nothing. */
  readonly folder: string | null;
  /** A float32 weight by its name. */
  read(name: string): Promise<Float32Array>;
}

/**
 * The int8 forms of frozen weights: quantised once, then taken from their file.
 *
 * @param parameters those that a graph wants, values and scales
 */
export async function int8Weights(
  parameters: readonly Parameter[],
  source: Int8Source,
): Promise<ReadonlyMap<string, HostTensor>> {
  if (source.folder === null) return quantizeAll(parameters, source);
  const key = hashJson({
    weights: source.hash,
    configuration: source.configHash,
    bits: source.bits,
    names: parameters.map(({ name }) => name),
    version: 2,
  });
  const folder = join(source.folder, "int8");
  const file = join(folder, `${key.slice(0, 32)}.safetensors`);
  const kept = await readWhole(file);
  if (kept) return kept;
  const tensors = await quantizeAll(parameters, source);
  await makeFolder(folder);
  await writeCheckedTensors(file, tensors);
  return tensors;
}

/** The tensors of a file; null where it is missing or damaged: they are then made anew. */
async function readWhole(file: string): Promise<ReadonlyMap<string, HostTensor> | null> {
  return readCheckedTensors(file, { fix: "delete it" }).catch((error: unknown) => {
    if (error instanceof UserError) return null;
    throw error;
  });
}

async function quantizeAll(parameters: readonly Parameter[], source: Int8Source): Promise<Map<string, HostTensor>> {
  const tensors = new Map<string, HostTensor>();
  for (const { name, shape, dtype } of parameters) {
    if (dtype !== "int8") continue;
    const weight = quantizedFrom(name) as string;
    const outputs = shape[1] as number;
    const { values, scales } = quantizeWeight(await source.read(weight), outputs, source.bits);
    tensors.set(name, { dtype: "int8", shape, data: values });
    tensors.set(scalesOf(weight), float32Tensor([outputs], scales));
  }
  return tensors;
}
