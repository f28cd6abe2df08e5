/**
 * Weight files as maps of tensors: read, renamed and compared.
 * @module
 */
import { join } from "node:path";
import { toFloat32 } from "../src/weights/float32.js";
import { openWeights } from "../src/weights/open.js";
import { sha256 } from "./support.js";
import type { StateTensor } from "./torch-writer.js";

export type Tensors = Map<string, StateTensor>;

/** All tensors of files, as float32. */
export async function tensorsOf(...files: string[]): Promise<Tensors> {
  const tensors: Tensors = new Map();
  for (const file of files) {
    const source = await openWeights(file);
    for (const key of source.keys()) {
      const tensor = await source.read(key);
      tensors.set(key, { shape: tensor.shape, data: toFloat32(tensor) });
    }
    await source.close();
  }
  return tensors;
}

/** Adapter and head of an adapter's folder. */
export const folderTensors = (folder: string): Promise<Tensors> =>
  tensorsOf(join(folder, "adapter_model.safetensors"), join(folder, "head.safetensors"));

export const prefixed = (prefix: string, tensors: Tensors): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [`${prefix}${name}`, tensor]));

/** What can be compared and shown: shapes and hashes by name. */
export const hashed = (tensors: Tensors): Record<string, string> =>
  Object.fromEntries(
    [...tensors].map(([name, { shape, data }]) => [
      name,
      `[${shape.join(", ")}] ${sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))}`,
    ]),
  );
