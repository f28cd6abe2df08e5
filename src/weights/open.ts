import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { Buffer } from "../host/bytes.js";
import { readdir, stat } from "../host/files.js";
import { join } from "../host/paths.js";
import { counted } from "../phrases.js";
import { RangeFile } from "./range-file.js";
import { MAX_HEADER_BYTES, openSafetensors } from "./safetensors.js";
import { ShardedWeights } from "./sharded.js";
import type { WeightSource } from "./source.js";
import { openTorchBin } from "./torch-bin.js";
import { unwrapped } from "./unwrapped.js";

/** Files that hold a model's weights, the one to take first before the others; transformers' own names. */
export const WEIGHT_FILES = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
] as const;

/** How weights are stored; `index` is a JSON file that names shards. */
export type WeightFormat = "safetensors" | "torch" | "index";

/** Files that are often given by mistake: how they start, what they are, what to do. */
const STRANGERS: readonly (readonly [start: string, what: string, fix: string])[] = [
  ["version https://git-lfs", "this is a Git LFS pointer, not the file itself", "run `git lfs pull`"],
  ["\u0089HDF", "this is an HDF5 file (TensorFlow)", "convert the weights to safetensors"],
  ["GGUF", "this is a GGUF file", "use the original safetensors weights"],
  ["<", "this is an HTML or XML page", "download the file itself"],
];

/** The first bytes that tell formats apart, or those up to `length`. */
async function startOf(path: string, length = 64): Promise<Buffer> {
  const file = await RangeFile.open(path);
  try {
    return Buffer.from(await file.read(0, Math.min(file.size, length)));
  } finally {
    await file.close();
  }
}

function formatOf(start: Buffer): WeightFormat | undefined {
  const text = start.toString("latin1");
  // Before the others, because a safetensors file starts with a length, whose bytes can look like a pickle's.
  if (start[8] === 0x7b && start.readBigUInt64LE() <= MAX_HEADER_BYTES) return "safetensors";
  if (text.startsWith("PK\u0003\u0004") || start[0] === 0x80) return "torch";
  return /^\s*\{/.test(text) ? "index" : undefined;
}

/** The format of a file of weights by its content, since names lie; undefined for what is none. */
export async function detectWeights(path: string): Promise<WeightFormat | undefined> {
  const start = await startOf(path, 1 << 16);
  const format = formatOf(start);
  // Other JSON is data. Whoever writes an index with 64 KiB of metadata in front names it when it is loaded.
  return format === "index" && !start.toString("latin1").includes('"weight_map"') ? undefined : format;
}

function refuse(path: string, start: string): never {
  const stranger = STRANGERS.find(([head]) => start.startsWith(head));
  throw userError({
    where: path,
    what: stranger?.[1] ?? (start === "" ? "the file is empty" : "these are no weights in a known format"),
    expected: "safetensors, or a PyTorch state dict",
    ...(stranger === undefined ? {} : { fix: stranger[2] }),
  });
}

async function openFile(
  path: string,
  known: readonly WeightFormat[] = ["safetensors", "torch", "index"],
): Promise<WeightSource> {
  const start = await startOf(path);
  const format = formatOf(start) ?? refuse(path, start.toString("latin1"));
  if (!known.includes(format))
    throw userError({ where: path, what: "an index as a shard", expected: "a file of weights" });
  if (format === "safetensors") return openSafetensors(path);
  if (format === "torch") return openTorchBin(path);
  return ShardedWeights.open(path, (shard) => openFile(shard, ["safetensors", "torch"]));
}

/** The file of a folder that holds its weights; undefined where there is none. */
async function weightFile(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, "read the folder", error);
  });
  const usual = WEIGHT_FILES.find((name) => names.includes(name));
  const [checkpoint, ...others] = names.filter((name) => name.endsWith(".ckpt")).sort();
  if (usual === undefined && others.length > 0) {
    throw userError({
      where: folder,
      what: `${counted(others.length + 1, "checkpoint")} of Lightning, and nothing says which one is meant`,
      expected: "one .ckpt file",
      fix: "move the others elsewhere",
    });
  }
  const name = usual ?? checkpoint;
  return name === undefined ? undefined : join(folder, name);
}

/**
 * Opens a model's weights: a file (safetensors, PyTorch state dict or an index of shards, told apart by content), or a
 * folder that holds one of {@link WEIGHT_FILES}, taken in that order, or else a single `.ckpt` of PyTorch Lightning. A
 * folder's tensors have the model's own names, as {@link unwrapped} gives them. Names, dtypes and shapes are validated
 * here; data is read later, tensor by tensor. Throws a UserError for what is missing, damaged or refused.
 */
export async function openWeights(path: string): Promise<WeightSource> {
  let folder: boolean;
  try {
    folder = (await stat(path)).isDirectory();
  } catch (error) {
    throw fileError(path, "open the weights", error);
  }
  if (!folder) return openFile(path);
  const file = await weightFile(path);
  if (file !== undefined) return unwrapped(await openFile(file));
  throw userError({ where: path, what: "no weights in this folder", expected: `one of ${WEIGHT_FILES.join(", ")}` });
}
