import { userError } from "../errors.js";
import { fileBytes } from "../files/bounds.js";
import { Buffer } from "../host/bytes.js";
import { counted } from "../phrases.js";
import { byteCount, dtypeBytes, type HostTensor, viewAs } from "../tensor.js";
import { FileWeights } from "./file-weights.js";
import { RangeFile } from "./range-file.js";
import type { ExternalData } from "./source.js";
import { quoted } from "./strict-json.js";
import { gather, isContiguous, spanOf } from "./strides.js";
import { TensorRef, TorchHost } from "./torch-host.js";
import { PickleDict, PickleList, PickleTooShort, type PickleValue, unpickle } from "./unpickler.js";
import { contentOffset, readZipDirectory } from "./zip.js";

/** torch/serialization.py: MAGIC_NUMBER and PROTOCOL_VERSION of the format before 1.6. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;
/** Entries under which trainers wrap a state dict. */
const WRAPPERS = ["state_dict", "model_state_dict", "model"] as const;

interface Contents {
  readonly root: PickleValue;
  /** Byte offset in the file of each storage. */
  readonly places: ReadonlyMap<string, number>;
}

function damaged(path: string, what: string): Error {
  return userError({
    where: path,
    what: `damaged PyTorch file: ${what}`,
    fix: "it may be truncated: fetch or write it again",
  });
}

/** The format since torch 1.6: a zip of `<name>/data.pkl`, `<name>/byteorder` and one `<name>/data/<key>` a storage. */
async function readZip(file: RangeFile): Promise<Contents> {
  const entries = await readZipDirectory(file);
  const pickles = [...entries.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw userError({
      where: file.path,
      what: `a zip with ${pickles.length} files data.pkl`,
      expected: "one, as torch.save writes",
    });
  }
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const order = entries.get(`${folder}byteorder`);
  if (order !== undefined) {
    const text = Buffer.from(await file.read(await contentOffset(file, order), Math.min(order.size, 16))).toString();
    if (text !== "little")
      throw userError({ where: file.path, what: `byte order ${quoted(text)}`, expected: '"little"' });
  }
  if (pickle.size > fileBytes.pickle) throw damaged(file.path, `a data.pkl of ${pickle.size} bytes`);
  const host = new TorchHost(file.path);
  const bytes = await file.read(await contentOffset(file, pickle), pickle.size);
  const root = complete(file.path, () => unpickle(bytes, host)).value;
  const places = new Map<string, number>();
  for (const { key, dtype, count } of host.storages.values()) {
    const entry = entries.get(`${folder}data/${key}`);
    if (entry === undefined) throw damaged(file.path, `the storage ${quoted(key)} is missing`);
    if (Math.floor(entry.size / dtypeBytes[dtype]) !== count) {
      throw damaged(
        file.path,
        `the storage ${quoted(key)} has ${counted(entry.size, "byte")} for ${counted(count, "element")} of ${dtype}`,
      );
    }
    places.set(key, await contentOffset(file, entry));
  }
  return { root, places };
}

function complete<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof PickleTooShort ? damaged(path, "its pickle has no end") : error;
  }
}

/** Runs the pickle at `offset`, whose length is not known beforehand, on a window that grows until it fits. */
async function unpickleAt(
  file: RangeFile,
  offset: number,
): Promise<{ value: PickleValue; next: number; host: TorchHost }> {
  const rest = file.size - offset;
  for (let window = 1 << 18; ; window *= 4) {
    const length = Math.min(window, rest, fileBytes.pickle);
    const bytes = await file.read(offset, length);
    const host = new TorchHost(file.path);
    try {
      const { value, length: used } = unpickle(bytes, host);
      return { value, next: offset + used, host };
    } catch (error) {
      if (!(error instanceof PickleTooShort)) throw error;
      if (length === rest || length === fileBytes.pickle) throw damaged(file.path, "its pickle has no end");
    }
  }
}

/**
 * The format before torch 1.6: pickles of a magic number, a version, the system, the object and the storages' names;
 * then each storage as an 8-byte count and its elements.
 */
async function readLegacy(file: RangeFile): Promise<Contents> {
  const magic = await unpickleAt(file, 0);
  if (magic.value !== LEGACY_MAGIC) {
    throw userError({
      where: file.path,
      what: "a pickle that torch.save did not write",
      expected: "a PyTorch state dict",
    });
  }
  const version = await unpickleAt(file, magic.next);
  if (version.value !== LEGACY_PROTOCOL) throw damaged(file.path, "an unknown version of the old format");
  const system = await unpickleAt(file, version.next);
  if (!(system.value instanceof PickleDict) || system.value.entries.get("little_endian") !== true) {
    throw userError({ where: file.path, what: "written on a big-endian machine", expected: "little-endian" });
  }
  const object = await unpickleAt(file, system.next);
  const keys = await unpickleAt(file, object.next);
  if (!(keys.value instanceof PickleList)) throw damaged(file.path, "no list of storages");
  const places = new Map<string, number>();
  let at = keys.next;
  for (const key of keys.value.items) {
    const storage = typeof key === "string" ? object.host.storages.get(key) : undefined;
    if (storage === undefined || places.has(storage.key)) throw damaged(file.path, "a storage of no or of two tensors");
    const header = await file.read(at, 8);
    const count = new DataView(header.buffer).getBigInt64(0, true);
    if (count !== BigInt(storage.count)) {
      throw damaged(file.path, `the storage ${quoted(storage.key)} has ${count} elements, not ${storage.count}`);
    }
    places.set(storage.key, at + 8);
    at += 8 + storage.count * dtypeBytes[storage.dtype];
    if (at > file.size) throw damaged(file.path, `it ends inside the storage ${quoted(storage.key)}`);
  }
  for (const key of object.host.storages.keys()) {
    if (!places.has(key)) throw damaged(file.path, `the storage ${quoted(key)} is missing`);
  }
  return { root: object.value, places };
}

/** The dict that holds the tensors: the root, or the one that a trainer wrapped; what stands beside it is told. */
function stateDict(path: string, root: PickleValue): { dict: PickleDict; beside: string[] } {
  const holdsTensors = (value: PickleValue | undefined): value is PickleDict =>
    value instanceof PickleDict && [...value.entries.values()].some((item) => item instanceof TensorRef);
  if (holdsTensors(root)) return { dict: root, beside: [] };
  if (root instanceof PickleDict) {
    for (const wrapper of WRAPPERS) {
      const dict = root.entries.get(wrapper);
      if (holdsTensors(dict)) {
        return { dict, beside: [...root.entries.keys()].filter((key) => key !== wrapper).map(String) };
      }
    }
  }
  throw userError({ where: path, what: "there are no tensors in it", expected: "a state dict (names and tensors)" });
}

/** An open PyTorch state dict: names, shapes and places are known, data is read by range. */
class TorchFile extends FileWeights<TensorRef> {
  private constructor(
    file: RangeFile,
    tensors: ReadonlyMap<string, TensorRef>,
    private readonly places: ReadonlyMap<string, number>,
    readonly others: readonly string[],
  ) {
    super(file, tensors);
  }

  /**
   * Opens a state dict as torch.save writes it, in the zip format (torch >= 1.6) or the one before. No code runs: a
   * pickle that names anything but tensors and plain containers is refused with a UserError that says what it wanted.
   * A state dict under `state_dict`, `model_state_dict` or `model` is found; entries that are no tensors are listed in
   * {@link others}. Throws a UserError for whatever is damaged, and for big-endian files.
   * Formats: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py (`_save`, `_legacy_save`).
   */
  static async open(path: string): Promise<TorchFile> {
    const file = await RangeFile.open(path);
    try {
      const start = await file.read(0, Math.min(4, file.size));
      const zipped = Buffer.from(start).toString("latin1") === "PK\u0003\u0004";
      const { root, places } = await (zipped ? readZip(file) : readLegacy(file));
      const { dict, beside } = stateDict(path, root);
      const tensors = new Map<string, TensorRef>();
      const others = beside;
      for (const [key, value] of dict.entries) {
        if (!(value instanceof TensorRef)) others.push(String(key));
        else if (typeof key === "string") tensors.set(key, value);
        else throw damaged(path, "a tensor whose name is no text");
      }
      return new TorchFile(file, tensors, places, others);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  override async read(key: string): Promise<HostTensor> {
    const tensor = this.entry(key);
    const { dtype, shape, strides } = tensor;
    const span = spanOf(shape, strides);
    const bytes = await this.file.read(this.place(tensor), span * dtypeBytes[dtype]);
    const dense = isContiguous(shape, strides) ? bytes : gather(bytes, dtypeBytes[dtype], shape, strides, this.path);
    return { dtype, shape, data: viewAs(dtype, dense) };
  }

  override external(key: string): ExternalData | undefined {
    const tensor = this.entry(key);
    if (!isContiguous(tensor.shape, tensor.strides)) return undefined;
    const length = byteCount(tensor);
    return { file: this.path, offset: this.place(tensor), length };
  }

  /** The byte at which a tensor's first element lies; an empty one may point behind its storage, so it gets the start. */
  private place({ storage, offset, shape }: TensorRef): number {
    const start = this.places.get(storage.key) ?? 0;
    return shape.includes(0) ? start : start + offset * dtypeBytes[storage.dtype];
  }
}

/** Opens a PyTorch state dict; see {@link TorchFile.open}. */
export function openTorchBin(path: string): Promise<TorchFile> {
  return TorchFile.open(path);
}
