import type { HostTensor } from "../tensor.js";
import type { ExternalData, TensorInfo, WeightSource } from "./source.js";

/**
 * What stands before every name where a model was saved inside of something: torch's DataParallel and
 * DistributedDataParallel, torch.compile, and a LightningModule that calls it `self.model`.
 */
const wrappers = ["module.", "_orig_mod.", "model."] as const;

/** What all names begin with, taken from {@link wrappers}, one behind the other. */
function wrapping(keys: readonly string[]): string {
  let prefix = "";
  for (;;) {
    const next = wrappers.find((wrapper) => keys.every((key) => key.startsWith(prefix + wrapper)));
    if (next === undefined || keys.length === 0) return prefix;
    prefix += next;
  }
}

/** Weights under names without a prefix that all of them have. */
class UnwrappedWeights implements WeightSource {
  constructor(
    private readonly source: WeightSource,
    private readonly prefix: string,
  ) {}

  get path(): string {
    return this.source.path;
  }

  get others(): readonly string[] {
    return this.source.others ?? [];
  }

  *keys(): Iterable<string> {
    for (const key of this.source.keys()) yield key.slice(this.prefix.length);
  }

  info(key: string): TensorInfo | undefined {
    return this.source.info(this.prefix + key);
  }

  read(key: string): Promise<HostTensor> {
    return this.source.read(this.prefix + key);
  }

  external(key: string): ExternalData | undefined {
    return this.source.external?.(this.prefix + key);
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/**
 * The weights of a model that was saved inside of a wrapper, under the model's own names: `module.bert.…` as `bert.…`. Only a
 * wrapper around everything is taken off. The same tensors have the same names, and so the same hash, as without it.
 */
export function unwrapped(source: WeightSource): WeightSource {
  const prefix = wrapping([...source.keys()]);
  return prefix === "" ? source : new UnwrappedWeights(source, prefix);
}
