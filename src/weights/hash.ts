import { fileError } from "../files/atomic.js";
import { createHash } from "../host/hashing.js";
import { fileStream } from "../host/streams.js";
import { bytesOf } from "../tensor.js";
import type { WeightSource } from "./source.js";

/** SHA-256 of a file's bytes, in hexadecimal; the file is streamed. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of fileStream(path, { chunkBytes: 1 << 20 })) hash.update(chunk);
  } catch (error) {
    throw fileError(path, "read the file", error);
  }
  return hash.digest("hex");
}

/**
 * One hash of all tensors of a source: SHA-256, in hexadecimal, over the sorted names with dtype, shape and row-major
 * bytes. The same tensors have the same hash whatever the file format, the order in the file and the shards; file
 * metadata does not count. One tensor at a time is in memory.
 */
export async function hashWeights(source: Pick<WeightSource, "keys" | "read">): Promise<string> {
  const hash = createHash("sha256");
  // Code-unit order: it is the same everywhere, which a locale's order is not.
  for (const name of [...source.keys()].sort()) {
    const tensor = await source.read(name);
    const bytes = bytesOf(tensor);
    // A line of JSON ends at its line break, and the byte count says where the data does: no two sets run together.
    hash.update(`${JSON.stringify([name, tensor.dtype, tensor.shape, bytes.length])}\n`);
    // Each update takes less than 2 GiB.
    for (let at = 0; at < bytes.length; at += 1 << 30) hash.update(bytes.subarray(at, at + (1 << 30)));
  }
  return hash.digest("hex");
}

/** A value that JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** JSON with the keys of every object sorted and without undefined fields: one text for one value. */
function canonicalJson(value: JsonValue): string {
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonicalJson(item)).join(",")}]`;
  const fields: string[] = [];
  for (const [key, field] of Object.entries(value as Record<string, JsonValue | undefined>).sort(byKey)) {
    if (field !== undefined) fields.push(`${JSON.stringify(key)}:${canonicalJson(field)}`);
  }
  return `{${fields.join(",")}}`;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** SHA-256 of a JSON value, in hexadecimal; the order of its keys does not count. */
export function hashJson(value: JsonValue): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** {@link hashJson} of lists of whole numbers, list by list: as one text, those of a large data set would be too long. */
export class ListHash {
  private readonly hash = createHash("sha256").update("[");
  private before = "";

  add(list: readonly number[] | Int32Array): void {
    this.hash.update(`${this.before}[${list.join(",")}]`);
    this.before = ",";
  }

  /** The hash of the lists so far; nothing can be added afterwards. */
  digest(): string {
    return this.hash.update("]").digest("hex");
  }
}

/** {@link ListHash} of all of these. */
export function hashLists(lists: Iterable<readonly number[] | Int32Array>): string {
  const hash = new ListHash();
  for (const list of lists) hash.add(list);
  return hash.digest();
}

/** {@link hashJson} of one long list of whole numbers. */
export function hashNumbers(numbers: ArrayLike<number>): string {
  const hash = createHash("sha256").update("[");
  const together = 4096;
  for (let at = 0; at < numbers.length; at += together) {
    const length = Math.min(together, numbers.length - at);
    hash.update(`${at > 0 ? "," : ""}${Array.from({ length }, (_, i) => numbers[at + i]).join(",")}`);
  }
  return hash.update("]").digest("hex");
}
