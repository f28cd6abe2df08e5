import type { EncodedText } from "../tasks/index.js";
import { hiddenStateName } from "../tasks/index.js";
import { bytesOf, dtypeBytes, type HostTensor, viewAs } from "../tensor.js";
import { hashLists } from "../weights/index.js";
import { inferenceBatches } from "./batches.js";
import { roomFor } from "./cache-room.js";
import type { TrainEvent } from "./events.js";
import type { Executor, Tensors } from "./executor.js";
import { FeatureCache, type FeatureDType } from "./feature-cache.js";
import {
  type BackboneFolder,
  type BackbonePrecision,
  FrozenBackbone,
  type FrozenBackboneOptions,
  padBatch,
  tokenFeeds,
} from "./frozen-backbone.js";
import { int8Report } from "./int8-report.js";

/** Where a batch's hidden states come from. */
export interface FeatureSource<E extends EncodedText> {
  /** Element type of the hidden states. */
  readonly dtype: FeatureDType;
  /** Hidden states of a batch padded to `width` tokens, by name; `[batch, width, hidden]` each. */
  batch(examples: readonly E[], width: number): Promise<Tensors>;
  close(): Promise<void>;
}

const idsOf = (examples: readonly EncodedText[]) => examples.map(({ inputIds }) => inputIds);

/** Computes the hidden states of every batch anew. */
export class StreamedFeatures<E extends EncodedText> implements FeatureSource<E> {
  constructor(private readonly backbone: FrozenBackbone) {}

  get dtype(): FeatureDType {
    return this.backbone.dtype;
  }

  batch(examples: readonly E[], width: number): Promise<Tensors> {
    return this.backbone.run(padBatch(idsOf(examples), width, this.backbone.folder.config.padTokenId));
  }

  close(): Promise<void> {
    return this.backbone.close();
  }
}

/** Tokens instead of hidden states, for a graph that holds the backbone. */
export class TokenFeatures<E extends EncodedText> implements FeatureSource<E> {
  constructor(
    private readonly folder: BackboneFolder,
    readonly dtype: FeatureDType,
  ) {}

  async batch(examples: readonly E[], width: number): Promise<Tensors> {
    return tokenFeeds(this.folder, padBatch(idsOf(examples), width, this.folder.config.padTokenId));
  }

  async close(): Promise<void> {}
}

/** Reads hidden states from a cache; the embedding output is a look-up and computed anew. */
export class CachedFeatures<E extends EncodedText> implements FeatureSource<E> {
  private readonly index: ReadonlyMap<E, number>;

  constructor(
    private readonly cache: FeatureCache,
    examples: readonly E[],
    private readonly layers: readonly number[],
    private readonly folder: BackboneFolder,
    private readonly embeddings: FrozenBackbone | null,
    readonly dtype: FeatureDType,
  ) {
    this.index = new Map(examples.map((example, i) => [example, i]));
  }

  async batch(examples: readonly E[], width: number): Promise<Tensors> {
    const looked = this.embeddings?.run(padBatch(idsOf(examples), width, this.folder.config.padTokenId));
    const rowBytes = this.folder.config.hiddenSize * dtypeBytes[this.dtype];
    const buffers = this.layers.map(() => new Uint8Array(examples.length * width * rowBytes));
    await Promise.all(
      examples.map(async (example, row) => {
        const record = await this.cache.read(this.index.get(example) ?? -1);
        const size = example.inputIds.length * rowBytes;
        buffers.forEach((buffer, i) => {
          buffer.set(record.subarray(i * size, (i + 1) * size), row * width * rowBytes);
        });
      }),
    );
    const shape = [examples.length, width, this.folder.config.hiddenSize];
    const cached = this.layers.map((layer, i) => {
      const data = viewAs(this.dtype, buffers[i] as Uint8Array<ArrayBuffer>);
      return [hiddenStateName(layer), { dtype: this.dtype, shape, data } as HostTensor];
    });
    return { ...Object.fromEntries(cached), ...(await looked) };
  }

  async close(): Promise<void> {
    await this.cache.close();
    await this.embeddings?.close();
  }
}

export interface FeatureOptions {
  /** Folder of caches; null computes everything anew. */
  readonly cache: string | null;
  /**
   * Most bytes of all caches in the folder together: older ones make room, and for one that is too large even so, the
   * hidden states are computed anew.
   */
  readonly cacheLimit: number;
  readonly dtype: FeatureDType;
  /** How the backbone computes them; float32 by default. */
  readonly precision?: BackbonePrecision;
  /** Stops the filling of a cache with an AbortError; what is complete of it stays. */
  readonly signal?: AbortSignal;
}

/** int8 weights are kept beside the hidden states. */
export const backboneOptions = ({ dtype, precision, cache }: FeatureOptions): FrozenBackboneOptions => ({
  dtype,
  ...(precision ? { precision } : {}),
  int8Folder: cache,
});

/**
 * The hidden states of a data set: from a cache, which is filled first, or computed batch by batch where a cache is
 * not wanted or would be too large. Both ways round to the same dtype.
 *
 * @param onEvent told what is decided and how far the filling is
 */
export async function openFeatures<E extends EncodedText>(
  executor: Executor,
  folder: BackboneFolder,
  layers: readonly number[],
  examples: readonly E[],
  what: string,
  options: FeatureOptions,
  onEvent: (event: TrainEvent) => Promise<void> | void,
): Promise<FeatureSource<E>> {
  const { dtype } = options;
  const kept = layers.filter((layer) => layer > 0);
  const load = (wanted: readonly number[]) => FrozenBackbone.load(executor, folder, wanted, backboneOptions(options));
  const loadAndReport = async (wanted: readonly number[]) => {
    const backbone = await load(wanted);
    if (options.precision === "int8") {
      const exact = await FrozenBackbone.load(executor, folder, wanted, { dtype: "float32" });
      await onEvent({ kind: "note", text: `${what}: ${await int8Report(exact, backbone, idsOf(examples))}` });
      await exact.close();
    }
    return backbone;
  };
  const stream = async () => new StreamedFeatures<E>(await loadAndReport(layers));
  if (options.cache === null || kept.length === 0) return stream();
  const cache = new FeatureCache({
    root: options.cache,
    identity: {
      backbone: folder.hash,
      data: hashLists(idsOf(examples)),
      ...(options.precision === "int8" ? { int8: executor.int8WeightBits } : {}),
    },
    lengths: examples.map(({ inputIds }) => inputIds.length),
    layers: kept,
    hiddenSize: folder.config.hiddenSize,
    dtype,
  });
  if (!(await roomFor(what, options.cache, cache, options.cacheLimit, onEvent))) return stream();
  await fillCache(() => loadAndReport(kept), examples, cache, what, options, onEvent);
  const embeddings = layers.includes(0) ? await load([0]) : null;
  return new CachedFeatures(cache, examples, kept, folder, embeddings, dtype);
}

async function fillCache<E extends EncodedText>(
  load: () => Promise<FrozenBackbone>,
  examples: readonly E[],
  cache: FeatureCache,
  what: string,
  { signal }: FeatureOptions,
  onEvent: (event: TrainEvent) => Promise<void> | void,
): Promise<void> {
  // A filled cache needs no backbone: it is loaded when the first shard is missing.
  let backbone: FrozenBackbone | null = null;
  let started = performance.now();
  await cache.fill(
    async (indices) => {
      if (!backbone) {
        backbone = await load();
        // The rate, and what is left by it, is that of the sentences.
        started = performance.now();
        await onEvent({ kind: "prepare", what, done: 0, total: examples.length, seconds: 0 });
      }
      return computeRecords(
        backbone,
        indices.map((i) => examples[i] as E),
        signal,
      );
    },
    (done, total) =>
      void onEvent({ kind: "prepare", what, done, total, seconds: (performance.now() - started) / 1000 }),
  );
  await (backbone as FrozenBackbone | null)?.close();
}

/** Hidden states of each example without padding, layer after layer. */
async function computeRecords<E extends EncodedText>(
  backbone: FrozenBackbone,
  examples: readonly E[],
  signal: AbortSignal | undefined,
): Promise<Uint8Array[]> {
  const { layers } = backbone;
  const records = new Array<Uint8Array>(examples.length);
  const lengths = examples.map(({ inputIds }) => inputIds.length);
  for (const batch of inferenceBatches(lengths)) {
    signal?.throwIfAborted();
    const width = Math.max(...batch.map((i) => lengths[i] as number));
    const ids = batch.map((i) => (examples[i] as E).inputIds);
    const states = await backbone.run(padBatch(ids, width, backbone.folder.config.padTokenId));
    batch.forEach((i, row) => {
      records[i] = concatRows(
        layers.map((layer) => rowBytes(states[hiddenStateName(layer)] as HostTensor, row, lengths[i] as number)),
      );
    });
  }
  return records;
}

/** The first `tokens` positions of one row of `[batch, width, hidden]`. */
function rowBytes(tensor: HostTensor, row: number, tokens: number): Uint8Array {
  const [, width, hidden] = tensor.shape as [number, number, number];
  const token = hidden * dtypeBytes[tensor.dtype];
  return bytesOf(tensor).subarray(row * width * token, (row * width + tokens) * token);
}

function concatRows(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
