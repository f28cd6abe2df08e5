import type { DType, HostTensor } from "../tensor.js";

/** What is known of a tensor without reading it. */
export interface TensorInfo {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Where a tensor's bytes lie, row-major and little-endian, in a file: what ONNX calls external data. */
export interface ExternalData {
  readonly file: string;
  /** In bytes from the start of the file. */
  readonly offset: number;
  /** In bytes. */
  readonly length: number;
}

/** A set of named tensors in files. Opening reads names and shapes only; {@link read} fetches one tensor. */
export interface WeightSource {
  /** The file (or index file) that was opened. */
  readonly path: string;
  /** Entries of a PyTorch file that are no tensors (`epoch`, `args` ...); they are not among {@link keys}. */
  readonly others?: readonly string[];
  keys(): Iterable<string>;
  info(key: string): TensorInfo | undefined;
  /** Reads one tensor. Throws a UserError for a name that the source does not have. */
  read(key: string): Promise<HostTensor>;
  /** The place of a tensor's bytes, or undefined where they do not lie there as they are read (strided views). */
  external?(key: string): ExternalData | undefined;
  close(): Promise<void>;
}
