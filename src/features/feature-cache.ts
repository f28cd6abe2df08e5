/**
 * Hidden states of a frozen backbone on disk: computed once, read by position in every later epoch and run.
 *
 * A cache is a folder named by the hash of all that decides its bits: backbone, encoded data, layers, dtype. Examples
 * stand in it by length; each shard ends with the SHA-256 of what is before, so a torn or damaged one is noticed and
 * computed again. Shards get their name when they are whole: two processes may fill and read one cache.
 * @module
 */

import { openedBeside } from "../engine/scopes.js";
import { userError } from "../errors.js";
import { writeFileAtomically } from "../files/atomic.js";
import { removeLeftovers } from "../files/leftovers.js";
import { utimes } from "../host/files.js";
import { join } from "../host/paths.js";
import { isOwn, type Part } from "../part.js";
import { dtypeBytes } from "../tensor.js";
import { hashJson, hashNumbers, type JsonValue } from "../weights/hash.js";
import { byLength } from "./batches.js";
import { cacheMark } from "./cache-room.js";
import { checksumBytes, OpenShard, writeShard } from "./cache-shard.js";
import { CheckedShards } from "./checked-shards.js";

export type FeatureDType = "float16" | "float32";

export interface FeatureCacheOptions {
  /** Folder that holds caches. */
  readonly root: string;
  /** What decides the bits, besides lengths, layers and dtype: hashes of backbone and data. */
  readonly identity: { readonly [name: string]: JsonValue };
  /** Tokens of each example. */
  readonly lengths: ArrayLike<number>;
  /** Hidden states that are kept. */
  readonly layers: readonly number[];
  /**
   * How many rows are kept of the last of these layers instead of one for every token; the identity tells which. Null, or
   * left out, keeps all.
   */
  readonly lastRows?: number | null;
  readonly hiddenSize: number;
  readonly dtype: FeatureDType;
}

const shardBytes = 64 * 2 ** 20;

interface Shard {
  readonly file: string;
  /** Where its examples begin and end among all of them by length. */
  readonly first: number;
  end: number;
  bytes: number;
}

/**
 * Computes the kept hidden states of examples of one shard, in their order: for each its bytes, layer after layer, token
 * after token.
 */
export type ComputeFeatures = (examples: Uint32Array) => AsyncIterable<Uint8Array> | Promise<Iterable<Uint8Array>>;

/** What {@link FeatureCache.fill} found and did. */
export interface FilledShards {
  /** Shards that are there now, and how many the whole cache has. */
  readonly shards: number;
  readonly of: number;
  /** Examples in these shards, and how many of them had to be computed. */
  readonly examples: number;
  readonly computed: number;
}

/** A planned cache: its place and size are known before anything is computed. */
export class FeatureCache {
  readonly folder: string;
  /** Size of the whole on disk. */
  readonly bytes: number;
  private readonly shards: Shard[] = [];
  /** The shard of each example, and where it begins in it. */
  private readonly shardOf: Uint32Array;
  private readonly offsets: Uint32Array;
  private readonly open: (OpenShard | null)[];

  constructor(private readonly options: FeatureCacheOptions) {
    const { root, identity, lengths, layers, hiddenSize, dtype } = options;
    const key = hashJson({
      ...identity,
      layers: [...layers],
      hiddenSize,
      dtype,
      lengths: hashNumbers(lengths),
      version: 2,
    });
    this.folder = join(root, key.slice(0, 32));
    this.shardOf = new Uint32Array(lengths.length);
    this.offsets = new Uint32Array(lengths.length);
    this.plan();
    this.bytes = this.shards.reduce((sum, { bytes }) => sum + bytes + checksumBytes, 0);
    this.open = this.shards.map(() => null);
  }

  /** Bytes of one example. */
  recordBytes(example: number): number {
    const { lengths, layers, lastRows = null, hiddenSize, dtype } = this.options;
    const tokens = lengths[example] as number;
    return (tokens * (layers.length - 1) + (lastRows ?? tokens)) * hiddenSize * dtypeBytes[dtype];
  }

  /** Cuts the examples, by length, into shards. */
  private plan(): void {
    for (const [rank, example] of byLength(this.options.lengths).entries()) {
      const size = this.recordBytes(example);
      let last = this.shards.at(-1);
      if (!last || (last.bytes > 0 && last.bytes + size > shardBytes)) {
        const file = join(this.folder, `shard-${String(this.shards.length).padStart(5, "0")}.bin`);
        last = { file, first: rank, end: rank, bytes: 0 };
        this.shards.push(last);
      }
      this.shardOf[example] = this.shards.length - 1;
      this.offsets[example] = last.bytes;
      last.end = rank + 1;
      last.bytes += size;
    }
  }

  /**
   * Computes what is missing or damaged and opens all shards for reading; where that fails, none stays open.
   *
   * @param part the only shards that are looked at, dealt out in turn
   * @param onProgress told of examples: how many are done, and of how many
   */
  async fill(
    compute: ComputeFeatures,
    onProgress?: (done: number, total: number) => void,
    part?: Part,
  ): Promise<FilledShards> {
    await removeLeftovers(this.folder, false);
    await writeFileAtomically(join(this.folder, cacheMark), `${JSON.stringify(this.options.identity, null, 2)}\n`);
    const checked = await CheckedShards.read(this.folder, part);
    const order = byLength(this.options.lengths);
    const own = [...this.shards.entries()].filter(([i]) => isOwn(i, part));
    const total = own.reduce((sum, [, { first, end }]) => sum + end - first, 0);
    let [done, computed] = [0, 0];
    return openedBeside([this], async () => {
      try {
        for (const [i, shard] of own) {
          const examples = order.subarray(shard.first, shard.end);
          let open = await OpenShard.open(shard.file, shard.bytes, checked);
          if (!open) {
            open = await this.written(shard, compute(examples), checked);
            computed += examples.length;
          }
          this.open[i] = open;
          done += examples.length;
          onProgress?.(done, total);
        }
      } finally {
        await checked.save();
      }
      return { shards: own.length, of: this.shards.length, examples: total, computed };
    });
  }

  private async written(
    { file, bytes }: Shard,
    records: ReturnType<ComputeFeatures>,
    checked: CheckedShards,
  ): Promise<OpenShard> {
    await writeShard(file, bytes, await records);
    await this.markUse();
    const shard = await OpenShard.open(file, bytes, checked);
    if (shard) return shard;
    throw userError({
      where: file,
      what: "the cache does not hold what was written",
      fix: "check the disk, or keep no cache",
    });
  }

  /** Marks the cache as in use while a long filling goes on. */
  private async markUse(): Promise<void> {
    const now = new Date();
    await utimes(join(this.folder, cacheMark), now, now).catch(() => undefined);
  }

  /** The bytes of one example: `[tokens, hidden]` of each layer, of the last one `[rows, hidden]`. */
  async read(example: number): Promise<Uint8Array<ArrayBuffer>> {
    const shard = this.open[this.shardOf[example] ?? -1];
    if (!shard) throw new Error(`example ${example} is not in the cache`);
    return shard.read(this.offsets[example] as number, this.recordBytes(example));
  }

  async close(): Promise<void> {
    for (const shard of this.open) await shard?.close();
    this.open.fill(null);
  }
}
