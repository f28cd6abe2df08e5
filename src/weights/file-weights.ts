import { userError } from "../errors.js";
import type { HostTensor } from "../tensor.js";
import type { RangeFile } from "./range-file.js";
import type { ExternalData, TensorInfo, WeightSource } from "./source.js";
import { quoted } from "./strict-json.js";

/** Weights in one open file, of which `Entry` says where a tensor lies. */
export abstract class FileWeights<Entry extends TensorInfo> implements WeightSource {
  protected constructor(
    protected readonly file: RangeFile,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  abstract read(key: string): Promise<HostTensor>;

  abstract external(key: string): ExternalData | undefined;

  get path(): string {
    return this.file.path;
  }

  keys(): Iterable<string> {
    return this.entries.keys();
  }

  info(key: string): TensorInfo | undefined {
    const entry = this.entries.get(key);
    return entry && { dtype: entry.dtype, shape: entry.shape };
  }

  close(): Promise<void> {
    return this.file.close();
  }

  protected entry(key: string): Entry {
    const entry = this.entries.get(key);
    if (entry === undefined) throw userError({ where: this.path, what: `there is no tensor ${quoted(key)}` });
    return entry;
  }
}
