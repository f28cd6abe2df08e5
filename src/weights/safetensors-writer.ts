import { userError } from "../errors.js";
import { writeAtomically } from "../files/atomic.js";
import { Buffer } from "../host/bytes.js";
import type { FileHandle } from "../host/files.js";
import { bytesOf, type DType, elementCount, type HostTensor } from "../tensor.js";
import { MAX_HEADER_BYTES } from "./safetensors.js";
import { quoted } from "./strict-json.js";

/** The format's names, in the order in which the reference implementation lays tensors out (last first). */
const CODES: Readonly<Record<DType, readonly [order: number, code: string]>> = {
  bool: [0, "BOOL"],
  uint8: [1, "U8"],
  int8: [2, "I8"],
  int16: [3, "I16"],
  uint16: [4, "U16"],
  float16: [5, "F16"],
  bfloat16: [6, "BF16"],
  int32: [7, "I32"],
  uint32: [8, "U32"],
  float32: [9, "F32"],
  float64: [10, "F64"],
  int64: [11, "I64"],
  uint64: [12, "U64"],
};

/** Orders text by its UTF-8 bytes, as the reference implementation does; UTF-16 order differs beyond U+FFFF. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function check(path: string, name: string, tensor: HostTensor): void {
  const bad = (what: string) => userError({ where: path, what: `tensor ${quoted(name)} ${what}` });
  if (name === "__metadata__") throw bad("has the name that the format keeps for metadata");
  // A lone surrogate has no UTF-8 form: it would be written as U+FFFD, and two names could become one.
  if (/\p{Surrogate}/u.test(name)) throw bad("has a name that is no valid Unicode");
  const { shape, data } = tensor;
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) throw bad(`has a bad shape [${shape.join(", ")}]`);
  if (data.length !== elementCount(shape)) {
    throw bad(`has ${data.length} elements for the shape [${shape.join(", ")}]`);
  }
}

/** The header's bytes: 8 of length, then JSON padded with spaces so that the data starts at a multiple of 8. */
function headerOf(
  path: string,
  tensors: readonly (readonly [string, HostTensor])[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const parts: string[] = [];
  const notes = Object.entries(metadata).sort(([a], [b]) => byBytes(a, b));
  if (notes.length > 0) {
    const lines = notes.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    parts.push(`"__metadata__":{${lines.join(",")}}`);
  }
  let begin = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const end = begin + data.byteLength;
    const [, code] = CODES[dtype];
    parts.push(`${JSON.stringify(name)}:{"dtype":"${code}","shape":[${shape}],"data_offsets":[${begin},${end}]}`);
    begin = end;
  }
  const json = Buffer.from(`{${parts.join(",")}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  if (padded > MAX_HEADER_BYTES) {
    throw userError({
      where: path,
      what: `the header would take ${padded} bytes`,
      expected: `at most ${MAX_HEADER_BYTES}`,
    });
  }
  const bytes = Buffer.alloc(8 + padded, " ");
  bytes.writeBigUInt64LE(BigInt(padded));
  json.copy(bytes, 8);
  return bytes;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  const step = 1 << 26;
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, Math.min(step, bytes.length - at))).bytesWritten;
  }
}

/**
 * Writes tensors as a safetensors file, atomically: `path` holds the old or the whole new file, never a part.
 *
 * The same names, tensors and metadata give the same bytes, in whatever order they come: tensors are laid out as by
 * the reference implementation (wide element types first, then by name), metadata by name. Each tensor's data is
 * aligned to its element size. Throws a UserError for a duplicate or reserved name and for data that does not fit its
 * shape, before anything is written.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [name: string, tensor: HostTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const byName = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    check(path, name, tensor);
    if (byName.has(name)) throw userError({ where: path, what: `two tensors are named ${quoted(name)}` });
    byName.set(name, tensor);
  }
  const sorted = [...byName].sort(
    ([a, { dtype: left }], [b, { dtype: right }]) => CODES[right][0] - CODES[left][0] || byBytes(a, b),
  );
  const header = headerOf(path, sorted, metadata);
  await writeAtomically(path, async (file) => {
    await writeAll(file, header);
    for (const [, tensor] of sorted) await writeAll(file, bytesOf(tensor));
  });
}
