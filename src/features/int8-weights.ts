import { stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.js";
import { makeFolder } from "../files/atomic.js";
import type { Parameter } from "../graph/index.js";
import { quantizedFrom, quantizeWeight, scalesOf } from "../nn/index.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { hashJson, hashWeights } from "../weights/hash.js";
import { openSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";

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
  await writeSafetensors(file, tensors, { [checksum]: await hashTensors(tensors) });
  return tensors;
}

/** The name in the file's metadata under which the hash of its tensors stands. */
const checksum = "sha256";

const hashTensors = (tensors: ReadonlyMap<string, HostTensor>): Promise<string> =>
  hashWeights({ keys: () => tensors.keys(), read: async (name) => tensors.get(name) as HostTensor });

/** The tensors of a file; null where it is missing, or damaged, as its checksum tells: they are then made anew. */
async function readWhole(file: string): Promise<ReadonlyMap<string, HostTensor> | null> {
  if (!(await stat(file).catch(() => null))) return null;
  try {
    const source = await openSafetensors(file);
    try {
      const tensors = new Map<string, HostTensor>();
      for (const name of source.keys()) tensors.set(name, await source.read(name));
      return source.metadata.get(checksum) === (await hashTensors(tensors)) ? tensors : null;
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
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
