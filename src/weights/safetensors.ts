import { userError } from "../errors.js";
import { counted } from "../phrases.js";
import { type DType, dtypeBytes, type HostTensor, viewAs } from "../tensor.js";
import { FileWeights } from "./file-weights.js";
import { RangeFile } from "./range-file.js";
import type { ExternalData, TensorInfo } from "./source.js";
import { isObject, parseJsonObject, quoted } from "./strict-json.js";

/** The format's own bound on its header (safetensors 0.4, `MAX_HEADER_SIZE`). */
export const MAX_HEADER_BYTES = 100_000_000;
/** PyTorch's bound, twice NumPy's. */
const MOST_DIMS = 64;

/** Our dtypes under the names of the format; its 8-bit floats, 4-bit floats and complex numbers have no use here. */
const DTYPES: ReadonlyMap<string, DType> = new Map([
  ["F64", "float64"],
  ["F32", "float32"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I64", "int64"],
  ["I32", "int32"],
  ["I16", "int16"],
  ["I8", "int8"],
  ["U64", "uint64"],
  ["U32", "uint32"],
  ["U16", "uint16"],
  ["U8", "uint8"],
  ["BOOL", "bool"],
]);

interface Entry extends TensorInfo {
  /** From the first byte after the header. */
  readonly begin: number;
  readonly end: number;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}

/** Bytes of a tensor, or undefined where the product leaves the safe integers. */
function byteLength(dtype: DType, shape: readonly number[]): number | undefined {
  // A zero makes the tensor empty, but the other dimensions must still not overflow in a reader that multiplies first.
  let bytes = dtypeBytes[dtype];
  for (const dim of shape) {
    bytes *= dim === 0 ? 1 : dim;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return shape.includes(0) ? 0 : bytes;
}

function parseEntry(name: string, value: unknown, where: string): Entry {
  const bad = (what: string, expected?: string) =>
    userError({ where, what: `tensor ${quoted(name)} ${what}`, ...(expected === undefined ? {} : { expected }) });
  if (!isObject(value)) throw bad("is not described by an object", "{dtype, shape, data_offsets}");
  for (const key of Object.keys(value)) {
    if (key !== "dtype" && key !== "shape" && key !== "data_offsets") throw bad(`has an unknown field ${quoted(key)}`);
  }
  const { dtype: code, shape, data_offsets: offsets } = value;
  const dtype = typeof code === "string" ? DTYPES.get(code) : undefined;
  if (dtype === undefined) {
    throw bad(`has ${typeof code === "string" ? `dtype ${quoted(code)}` : "no dtype"}`, [...DTYPES.keys()].join(", "));
  }
  if (!Array.isArray(shape) || shape.length > MOST_DIMS || !shape.every(isCount)) {
    throw bad("has a bad shape", `a list of at most ${MOST_DIMS} whole numbers >= 0`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw bad("has bad data_offsets", "[begin, end]");
  }
  const [begin, end] = offsets as [number, number];
  const bytes = byteLength(dtype, shape);
  if (bytes === undefined) throw bad("has a shape whose size overflows");
  if (end - begin !== bytes) {
    throw bad(`takes ${end - begin} bytes (${begin} to ${end})`, `${bytes} bytes for ${code} [${shape.join(", ")}]`);
  }
  return { dtype, shape: Object.freeze([...shape]), begin, end };
}

function parseMetadata(value: unknown, where: string): Map<string, string> {
  if (!isObject(value)) throw userError({ where, what: "__metadata__ is no object", expected: "strings by name" });
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw userError({ where, what: `__metadata__ ${quoted(key)} is no string`, expected: "strings by name" });
    }
    metadata.set(key, text);
  }
  return metadata;
}

/** The data must be covered exactly once: an overlap aliases tensors, a hole smuggles bytes. */
function checkCoverage(entries: ReadonlyMap<string, Entry>, dataLength: number, where: string): void {
  const sorted = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const [name, { begin, end }] of sorted) {
    if (begin !== at) {
      const what =
        begin < at ? "overlaps the tensor before it" : `leaves a hole of ${counted(begin - at, "byte")} before it`;
      throw userError({ where, what: `tensor ${quoted(name)} ${what}`, expected: `data from byte ${at} on` });
    }
    at = end;
    if (end > dataLength) break;
  }
  if (at > dataLength) {
    throw userError({
      where,
      what: `the file holds ${dataLength} bytes of data, its header speaks of ${at} or more`,
      fix: "it is truncated: fetch or write it again",
    });
  }
  if (at < dataLength) {
    throw userError({
      where,
      what: `${counted(dataLength - at, "byte")} after the last tensor, which none holds`,
    });
  }
}

async function readHeader(file: RangeFile): Promise<{ header: Map<string, unknown>; dataStart: number }> {
  const where = file.path;
  if (file.size < 8)
    throw userError({ where, what: `only ${counted(file.size, "byte")}`, expected: "a safetensors file" });
  const length = Number(new DataView((await file.read(0, 8)).buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES || length > file.size - 8) {
    throw userError({
      where,
      what: `a header of ${length} bytes in a file of ${file.size}`,
      expected: `at most ${Math.min(MAX_HEADER_BYTES, file.size - 8)}`,
      fix: "it is no safetensors file, or truncated: fetch or write it again",
    });
  }
  const bytes = await file.read(8, length);
  if (bytes[0] !== 0x7b) throw userError({ where, what: "the header does not start with {" });
  return { header: parseJsonObject(bytes, where, "header"), dataStart: 8 + length };
}

/** An open safetensors file: names, shapes and places are known, data is read by range. */
export class SafetensorsFile extends FileWeights<Entry> {
  private constructor(
    file: RangeFile,
    entries: ReadonlyMap<string, Entry>,
    /** The file's `__metadata__`. */
    readonly metadata: ReadonlyMap<string, string>,
    private readonly dataStart: number,
  ) {
    super(file, entries);
  }

  /**
   * Opens and wholly validates the header of a safetensors file
   * (https://github.com/huggingface/safetensors#format): lengths, JSON, duplicate names, dtypes, shapes, and that the
   * tensors cover the data exactly once. Throws a UserError for anything else.
   */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await RangeFile.open(path);
    try {
      const { header, dataStart } = await readHeader(file);
      const entries = new Map<string, Entry>();
      let metadata = new Map<string, string>();
      for (const [name, value] of header) {
        if (name === "__metadata__") metadata = parseMetadata(value, path);
        else entries.set(name, parseEntry(name, value, path));
      }
      checkCoverage(entries, file.size - dataStart, path);
      return new SafetensorsFile(file, entries, metadata, dataStart);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  override async read(key: string): Promise<HostTensor> {
    const { dtype, shape, begin, end } = this.entry(key);
    const bytes = await this.file.read(this.dataStart + begin, end - begin);
    return { dtype, shape, data: viewAs(dtype, bytes) };
  }

  override external(key: string): ExternalData {
    const { begin, end } = this.entry(key);
    return { file: this.path, offset: this.dataStart + begin, length: end - begin };
  }
}

/** Opens a safetensors file; see {@link SafetensorsFile.open}. */
export function openSafetensors(path: string): Promise<SafetensorsFile> {
  return SafetensorsFile.open(path);
}

/** Tensors of a safetensors file by name: those that are named, or all. */
export async function readSafetensors(path: string, names?: readonly string[]): Promise<Record<string, HostTensor>> {
  const source = await openSafetensors(path);
  try {
    // Entries, not assignments: `__proto__` is a name like any other.
    const tensors: [string, HostTensor][] = [];
    for (const name of names ?? source.keys()) tensors.push([name, await source.read(name)]);
    return Object.fromEntries(tensors);
  } finally {
    await source.close();
  }
}
