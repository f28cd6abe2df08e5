import type { TrainEvent } from "../engine/events.js";
import type { Tensors } from "../engine/executor.js";
import { Buffer } from "../host/bytes.js";
import type { Part } from "../part.js";
import type { Texts } from "../tasks/encoded-examples.js";
import type { EncodedText } from "../tasks/task.js";
import { bytesOf, dtypeBytes, type HostTensor, viewAs } from "../tensor.js";
import { inferenceBatches } from "./batches.js";
import type { FeatureCache, FeatureDType, FilledShards } from "./feature-cache.js";
import type { FeatureSource, ReadPositions } from "./feature-sources.js";
import { putRows, takeRows } from "./token-rows.js";

/** States of a data set that are kept in a cache. */
export interface CachedStates<E extends EncodedText> {
  readonly cache: FeatureCache;
  /** Numbered as in the cache. */
  readonly examples: Texts<E>;
  /** The names of the states, in the order in which an example's record holds them. */
  readonly names: readonly string[];
  readonly hiddenSize: number;
  readonly dtype: FeatureDType;
  /** Where the last of the states is kept, if not at every token. */
  readonly lastAt?: ReadPositions<E> | null;
}

/** Reads states from a cache that was filled. */
class CachedFeatures<E extends EncodedText> implements FeatureSource<E> {
  constructor(private readonly states: CachedStates<E>) {}

  get dtype(): FeatureDType {
    return this.states.dtype;
  }

  async batch(examples: readonly E[], width: number): Promise<Tensors> {
    const { cache, examples: all, names, hiddenSize, dtype, lastAt } = this.states;
    const rowBytes = hiddenSize * dtypeBytes[dtype];
    const buffers = names.map(() => new Uint8Array(examples.length * width * rowBytes));
    await Promise.all(
      examples.map(async (example, row) => {
        const record = await cache.read(all.indexOf(example) ?? -1);
        const size = example.inputIds.length * rowBytes;
        buffers.forEach((buffer, i) => {
          const text = buffer.subarray(row * width * rowBytes);
          const positions = i === names.length - 1 ? lastAt?.of(example) : undefined;
          if (positions) putRows(text, positions, rowBytes, record.subarray(i * size));
          else text.set(record.subarray(i * size, (i + 1) * size));
        });
      }),
    );
    const shape = [examples.length, width, hiddenSize];
    const tensors = names.map((name, i) => {
      const data = viewAs(dtype, buffers[i] as Uint8Array<ArrayBuffer>);
      return [name, { dtype, shape, data } as HostTensor];
    });
    return Object.fromEntries(tensors);
  }

  close(): Promise<void> {
    return this.states.cache.close();
  }
}

/** Computes what a cache lacks. */
export interface Filling<E extends EncodedText> {
  /** Opens what computes the states; called when the first shard is missing: a filled cache needs nothing. */
  load(): Promise<FeatureSource<E>>;
  /** Names the examples in events. */
  readonly what: string;
  /** Stops with an AbortError; what is complete stays. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: TrainEvent) => Promise<void> | void;
  /** Fills these shards only. */
  readonly part?: Part;
}

/** Computes what a cache lacks, of all of it or of a part, and leaves what is there open for reading. */
export async function fillShards<E extends EncodedText>(
  states: CachedStates<E>,
  { load, what, signal, onEvent, part }: Filling<E>,
): Promise<FilledShards> {
  const { cache, examples } = states;
  let source: FeatureSource<E> | null = null;
  let started = performance.now();
  let total = examples.length;
  async function* compute(indices: Uint32Array) {
    if (!source) {
      source = await load();
      // The rate and the time that is left are measured in sentences.
      started = performance.now();
      await onEvent({ kind: "prepare", what, done: 0, total, seconds: 0 });
    }
    yield* computeRecords(source, states, indices, signal);
  }
  const onProgress = (done: number, all: number) => {
    total = all;
    void onEvent({ kind: "prepare", what, done, total, seconds: (performance.now() - started) / 1000 });
  };
  try {
    return await cache.fill(compute, onProgress, part);
  } finally {
    await (source as FeatureSource<E> | null)?.close();
  }
}

/** Computes what a cache lacks and gives its states. */
export async function fillCache<E extends EncodedText>(
  states: CachedStates<E>,
  filling: Omit<Filling<E>, "part">,
): Promise<FeatureSource<E>> {
  await fillShards(states, filling);
  return new CachedFeatures(states);
}

/** States of each example without padding, one after another, the last one where it is kept; examples come by length. */
async function* computeRecords<E extends EncodedText>(
  source: FeatureSource<E>,
  { examples: all, names, lastAt }: CachedStates<E>,
  indices: Uint32Array,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const compute = async (batch: readonly number[]) => {
    const examples = batch.map((i) => all.at(indices[i] as number) as E);
    const states = await source.batch(examples, Math.max(...examples.map(({ inputIds }) => inputIds.length)));
    return { examples, states };
  };
  const lengths = indices.map((i) => all.lengths[i] as number);
  for await (const { examples, states } of oneAhead(inferenceBatches(lengths), compute)) {
    signal?.throwIfAborted();
    for (const [row, example] of examples.entries()) {
      const positions = lastAt?.of(example);
      const parts = names.map((name, k) => {
        const state = states[name] as HostTensor;
        const rows = textBytes(state, row, example.inputIds.length);
        return positions && k === names.length - 1 ? takeRows(rows, positions, rowBytesOf(state)) : rows;
      });
      yield Buffer.concat(parts);
    }
  }
}

/** Results one after another; the next is computed while the caller works on the last. */
async function* oneAhead<T, R>(items: Iterable<T>, compute: (item: T) => Promise<R>): AsyncGenerator<R> {
  let running: Promise<R> | null = null;
  for (const item of items) {
    const last: Promise<R> | null = running;
    const result: R | null = last ? await last : null;
    running = compute(item);
    // A caller that stops here does not await it, and its failure would go unhandled.
    running.catch(() => undefined);
    if (last) yield result as R;
  }
  if (running) yield await running;
}

/** Bytes of one position. */
const rowBytesOf = ({ shape, dtype }: HostTensor): number => (shape[2] as number) * dtypeBytes[dtype];

/** The first `tokens` positions of one text of `[batch, width, hidden]`. */
function textBytes(tensor: HostTensor, row: number, tokens: number): Uint8Array {
  const width = tensor.shape[1] as number;
  const token = rowBytesOf(tensor);
  return bytesOf(tensor).subarray(row * width * token, (row * width + tokens) * token);
}
