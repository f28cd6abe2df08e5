/** Element types of tensors, named as ONNX and the safetensors documentation spell them out. */
export const dtypes = [
  "float32",
  "float64",
  "float16",
  "bfloat16",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
] as const;
export type DType = (typeof dtypes)[number];

/** Bytes of one element. */
export const dtypeBytes: Readonly<Record<DType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  bool: 1,
};

/** The typed array that holds each element type; float16 and bfloat16 are kept as their 16 bits (Node 20 has no Float16Array). */
export interface DTypeArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
}

/** A tensor in host memory: row-major elements, a static shape. */
export interface HostTensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: DTypeArrays[D];
}

const constructors: {
  readonly [D in DType]: new (
    buffer: ArrayBuffer,
    offset: number,
    length: number,
  ) => DTypeArrays[D];
} = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** Number of elements of a static shape; a scalar has one. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** Number of elements of several tensors or parameters together. */
export function totalElements(tensors: Iterable<{ readonly shape: readonly number[] }>): number {
  let total = 0;
  for (const { shape } of tensors) total += elementCount(shape);
  return total;
}

/** What a tensor is but for its elements. */
export type TensorType = Pick<HostTensor, "dtype" | "shape">;

/** Bytes of a tensor's elements. */
export function byteCount({ dtype, shape }: TensorType): number {
  return elementCount(shape) * dtypeBytes[dtype];
}

/** A tensor of zeros. */
export function zeroTensor({ dtype, shape }: TensorType): HostTensor {
  return { dtype, shape, data: viewAs(dtype, new Uint8Array(byteCount({ dtype, shape }))) } as HostTensor;
}

/** Views bytes as elements of `dtype`. Copies only when the bytes are not aligned to the element size. */
export function viewAs<D extends DType>(dtype: D, bytes: Uint8Array<ArrayBuffer>): DTypeArrays[D] {
  const size = dtypeBytes[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new constructors[dtype](aligned.buffer, aligned.byteOffset, aligned.byteLength / size);
}

/** The bytes of a tensor, without copying. */
export function bytesOf(tensor: HostTensor): Uint8Array {
  const { data } = tensor;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** A float32 tensor. */
export function float32Tensor(shape: readonly number[], data: Float32Array): HostTensor<"float32"> {
  return { dtype: "float32", shape, data };
}

/** A float32 tensor of one element and no dimension. */
export function float32Scalar(value: number): HostTensor<"float32"> {
  return float32Tensor([], Float32Array.of(value));
}

/** An int32 tensor. */
export function int32Tensor(shape: readonly number[], data: Int32Array): HostTensor<"int32"> {
  return { dtype: "int32", shape, data };
}

/** The elements of a float32 tensor out of several; throws when it is missing or of another type. */
export function floatsOf(tensors: Readonly<Record<string, HostTensor>>, name: string): Float32Array {
  const tensor = tensors[name];
  if (tensor?.dtype !== "float32") throw new Error(`there is no float32 tensor ${name}`);
  return tensor.data as Float32Array;
}

/** Numbers one after another. */
export function concatenated(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
