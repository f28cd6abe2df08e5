import { userError } from "../errors.js";
import { dirname, join } from "../host/paths.js";
import type { HostTensor } from "../tensor.js";
import { RangeFile } from "./range-file.js";
import type { ExternalData, TensorInfo, WeightSource } from "./source.js";
import { isObject, parseJsonObject, quoted } from "./strict-json.js";

const MAX_INDEX_BYTES = 64 << 20;
/** Open files at once; the largest models published have some two hundred shards. */
const MAX_SHARDS = 1000;

/** Whether a shard's name stays inside the index's folder on every platform: no root, drive, `..` or backslash. */
function staysInside(name: string): boolean {
  return /^[^\\:\0]+$/.test(name) && name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/**
 * Reads an index file (`{"metadata": ..., "weight_map": {tensor: shard}}`, written by transformers'
 * `save_pretrained`): the shard's file name by tensor name. Throws a UserError for anything else, and for shard names
 * that could leave the index's folder.
 */
export async function readShardIndex(path: string): Promise<ReadonlyMap<string, string>> {
  const file = await RangeFile.open(path);
  let index: Map<string, unknown>;
  try {
    if (file.size > MAX_INDEX_BYTES) {
      throw userError({ where: path, what: `an index of ${file.size} bytes`, expected: `at most ${MAX_INDEX_BYTES}` });
    }
    index = parseJsonObject(await file.read(0, file.size), path, "index");
  } finally {
    await file.close();
  }
  const weightMap = index.get("weight_map");
  if (!isObject(weightMap))
    throw userError({ where: path, what: "no weight_map", expected: "shard names by tensor name" });
  const shards = new Map<string, string>();
  for (const [name, shard] of Object.entries(weightMap)) {
    if (typeof shard !== "string" || !staysInside(shard)) {
      throw userError({
        where: path,
        what: `tensor ${quoted(name)} has ${typeof shard === "string" ? `the shard ${quoted(shard)}` : "no shard"}`,
        expected: "a file inside the index's folder",
      });
    }
    shards.set(name, shard);
  }
  if (shards.size === 0) throw userError({ where: path, what: "an empty weight_map" });
  return shards;
}

/**
 * Output matrices (and their biases) that transformers ties to other tensors: it saves them once, but older versions named
 * both in the index. Whoever needs one that is not there hears of it from strict loading.
 */
const tiedOutput =
  /(^|\.)(lm_head|lm_loss|vocab_projector|generator_lm_head|cls\.predictions|lm_head\.decoder|cls\.predictions\.decoder)\.(weight|bias)$/;

/** Checks the index against its shards: every tensor mapped, in the shard that the index says. */
function checkShards(path: string, map: ReadonlyMap<string, string>, shards: ReadonlyMap<string, WeightSource>): void {
  for (const [name, shard] of map) {
    if (shards.get(shard)?.info(name) === undefined && !tiedOutput.test(name)) {
      throw userError({
        where: path,
        what: `tensor ${quoted(name)} is not in its shard ${quoted(shard)}`,
        fix: "fetch index and shards again, from one revision",
      });
    }
  }
  for (const [shard, source] of shards) {
    for (const name of source.keys()) {
      if (map.get(name) === shard) continue;
      throw userError({
        where: path,
        what: `tensor ${quoted(name)} of shard ${quoted(shard)} is not mapped to it`,
        fix: "fetch index and shards again, from one revision",
      });
    }
  }
}

/** A model spread over several files, seen as one. */
export class ShardedWeights implements WeightSource {
  private constructor(
    readonly path: string,
    private readonly owners: ReadonlyMap<string, WeightSource>,
    private readonly shards: readonly WeightSource[],
    readonly others: readonly string[],
  ) {}

  /**
   * Opens `*.index.json` and all its shards with `openShard`. Throws a UserError where index and shards disagree: a
   * tensor missing from its shard, or one in a shard that the index does not map to it.
   */
  static async open(path: string, openShard: (path: string) => Promise<WeightSource>): Promise<ShardedWeights> {
    const map = await readShardIndex(path);
    const names = [...new Set(map.values())].sort();
    if (names.length > MAX_SHARDS)
      throw userError({ where: path, what: `${names.length} shards`, expected: `at most ${MAX_SHARDS}` });
    const shards = new Map<string, WeightSource>();
    try {
      for (const name of names) shards.set(name, await openShard(join(dirname(path), ...name.split("/"))));
      checkShards(path, map, shards);
    } catch (error) {
      await Promise.all([...shards.values()].map((shard) => shard.close()));
      throw error;
    }
    const owners = new Map<string, WeightSource>();
    for (const [name, shard] of map) {
      const source = shards.get(shard)!;
      if (source.info(name)) owners.set(name, source);
    }
    const sources = [...shards.values()];
    return new ShardedWeights(
      path,
      owners,
      sources,
      sources.flatMap((source) => source.others ?? []),
    );
  }

  keys(): Iterable<string> {
    return this.owners.keys();
  }

  info(key: string): TensorInfo | undefined {
    return this.owners.get(key)?.info(key);
  }

  async read(key: string): Promise<HostTensor> {
    return this.owner(key).read(key);
  }

  external(key: string): ExternalData | undefined {
    return this.owner(key).external?.(key);
  }

  async close(): Promise<void> {
    await Promise.all(this.shards.map((shard) => shard.close()));
  }

  private owner(key: string): WeightSource {
    const owner = this.owners.get(key);
    if (owner === undefined) throw userError({ where: this.path, what: `there is no tensor ${quoted(key)}` });
    return owner;
  }
}
