import { userError } from "../errors.js";
import { type DType, dtypeBytes } from "../tensor.js";
import type { TensorInfo } from "./source.js";
import { quoted } from "./strict-json.js";
import {
  PickleDict,
  type PickleHost,
  PickleHostValue,
  PickleList,
  PickleTuple,
  type PickleValue,
} from "./unpickler.js";

/** One storage of a PyTorch file: a flat run of elements that tensors are views of. */
export interface StorageRef {
  readonly key: string;
  readonly dtype: DType;
  /** Elements of the whole storage. */
  readonly count: number;
}

/** A tensor as pickled: a strided view of a storage, its bounds checked. */
export class TensorRef extends PickleHostValue implements TensorInfo {
  constructor(
    readonly storage: StorageRef,
    /** First element, counted from the storage's start. */
    readonly offset: number,
    readonly shape: readonly number[],
    /** In elements. */
    readonly strides: readonly number[],
  ) {
    super();
  }

  get dtype(): DType {
    return this.storage.dtype;
  }
}

/** The part of a storage that a persistent id names: all of it, or (in old files) a view of another one. */
class StorageView extends PickleHostValue {
  constructor(
    readonly storage: StorageRef,
    readonly first: number,
    readonly count: number,
  ) {
    super();
  }
}

class StorageType extends PickleHostValue {
  constructor(readonly dtype: DType) {
    super();
  }
}

class Callable extends PickleHostValue {
  constructor(readonly run: (host: TorchHost, args: readonly PickleValue[]) => PickleValue) {
    super();
  }
}

const STORAGE_DTYPES: Readonly<Record<string, DType>> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** Everything that a pickle can reach, by its full Python name. */
const GLOBALS: ReadonlyMap<string, PickleHostValue> = new Map<string, PickleHostValue>([
  ["collections.OrderedDict", new Callable((host, args) => orderedDict(host, args))],
  ["torch.Size", new Callable((host, args) => size(host, args))],
  ["torch._utils._rebuild_tensor", new Callable((host, args) => rebuildTensor(host, args))],
  ["torch._utils._rebuild_tensor_v2", new Callable((host, args) => rebuildTensor(host, args))],
  ["torch._utils._rebuild_parameter", new Callable((host, args) => rebuildParameter(host, args))],
  ...Object.entries(STORAGE_DTYPES).map(([name, dtype]) => [`torch.${name}`, new StorageType(dtype)] as const),
]);

/**
 * A view may repeat elements (stride 0), so its size is not bounded by the file's. Real expanded buffers are small;
 * beyond this many elements a tensor may not be larger than its storage.
 */
const LARGEST_EXPANSION = 1 << 24;
const MOST_DIMS = 64; // torch's own bound

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function counts(value: PickleValue | undefined): readonly number[] | undefined {
  return value instanceof PickleTuple && value.items.length <= MOST_DIMS && value.items.every(isCount)
    ? value.items
    : undefined;
}

function orderedDict(host: TorchHost, args: readonly PickleValue[]): PickleValue {
  const dict = new PickleDict();
  const [pairs] = args;
  if (args.length === 0) return dict;
  if (args.length > 1 || !(pairs instanceof PickleList)) throw host.bad("an OrderedDict made of something unknown");
  for (const pair of pairs.items) {
    const [key, value, more] = pair instanceof PickleTuple || pair instanceof PickleList ? pair.items : [];
    if (typeof key !== "string" || value === undefined || more !== undefined) {
      throw host.bad("an OrderedDict whose pairs are none");
    }
    dict.entries.set(key, value);
  }
  return dict;
}

function size(host: TorchHost, args: readonly PickleValue[]): PickleValue {
  const dims = args.length === 1 ? counts(args[0]) : undefined;
  if (dims === undefined) throw host.bad("a torch.Size that is none");
  return new PickleTuple(dims);
}

function rebuildParameter(host: TorchHost, args: readonly PickleValue[]): PickleValue {
  const [tensor] = args;
  if (!(tensor instanceof TensorRef)) throw host.bad("a parameter without a tensor");
  return tensor;
}

/** `_rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad, backward_hooks, metadata=None)`. */
function rebuildTensor(host: TorchHost, args: readonly PickleValue[]): PickleValue {
  const [view, offset, sizes, steps, , , metadata] = args;
  const shape = counts(sizes);
  const strides = counts(steps);
  if (!(view instanceof StorageView) || !isCount(offset) || !shape || shape.length !== strides?.length) {
    throw host.bad("a tensor whose storage, offset, size or stride is none");
  }
  // Lazy conjugation and negation live in the metadata: read as if absent they would flip signs.
  if (metadata !== undefined && metadata !== null && !(metadata instanceof PickleDict && metadata.entries.size === 0)) {
    throw host.bad("a tensor that is conjugated or negated lazily");
  }
  let elements = 1;
  let last = offset;
  for (let i = 0; i < shape.length; i++) {
    elements *= Math.max(shape[i]!, 1); // an empty tensor's other sizes must not overflow either
    last += (shape[i]! - 1) * strides[i]!;
  }
  const text = `a tensor of shape [${shape.join(", ")}], strides [${strides.join(", ")}] from element ${offset}`;
  if (elements > Math.max(view.count, LARGEST_EXPANSION)) throw host.bad(`${text}, a view larger than it can be`);
  if (!shape.includes(0) && last >= view.count) throw host.bad(`${text} in a storage of ${view.count} elements`);
  return new TensorRef(view.storage, view.first + offset, shape, strides);
}

/** Lends a pickle the tensors and containers of PyTorch, and nothing else. Collects the storages it names. */
export class TorchHost implements PickleHost {
  readonly storages = new Map<string, StorageRef>();

  constructor(readonly where: string) {}

  global(module: string, name: string): PickleHostValue | undefined {
    return GLOBALS.get(`${module}.${name}`);
  }

  call(callee: PickleHostValue, args: readonly PickleValue[]): PickleValue {
    if (!(callee instanceof Callable)) throw this.bad("it calls what is no function");
    return callee.run(this, args);
  }

  /** `("storage", type, key, location, elements)`, in old files with a sixth part: None or (key, offset, elements). */
  persistent(id: PickleValue): PickleValue {
    const [tag, type, key, location, count, view] = id instanceof PickleTuple ? id.items : [];
    if (tag !== "storage") {
      throw this.bad(tag === "module" ? "it holds a whole module (a class), not its state dict" : "an unknown object");
    }
    // The location ("cpu", "cuda:0") only says where the tensor lived: its bytes are the same.
    if (!(type instanceof StorageType) || typeof key !== "string" || typeof location !== "string" || !isCount(count)) {
      throw this.bad("a storage whose type, name, place or size is none");
    }
    const storage = this.storage({ key, dtype: type.dtype, count });
    if (view === undefined || view === null) return new StorageView(storage, 0, count);
    const [, first, length] = view instanceof PickleTuple ? view.items : [];
    if (!isCount(first) || !isCount(length) || first + length > count) throw this.bad("a view outside its storage");
    return new StorageView(storage, first, length);
  }

  bad(what: string): Error {
    return userError({
      where: this.where,
      what: `damaged PyTorch file: ${what}`,
      fix: "save the weights as safetensors",
    });
  }

  private storage(ref: StorageRef): StorageRef {
    if (!Number.isSafeInteger(ref.count * dtypeBytes[ref.dtype])) throw this.bad("a storage whose size overflows");
    const known = this.storages.get(ref.key);
    if (known === undefined) {
      this.storages.set(ref.key, ref);
      return ref;
    }
    if (known.dtype !== ref.dtype || known.count !== ref.count) {
      throw this.bad(`the storage ${quoted(ref.key)} has two types or sizes`);
    }
    return known;
  }
}
