import {
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { checksumBytes, OpenShard } from "./cache-shard.js";
import { CheckedShards } from "./checked-shards.js";
import { FeatureCache } from "./feature-cache.js";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-cache-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const lengths = [5, 2, 9, 2, 7];
const make = (identity: Record<string, string> = { data: "a" }, lastRows: number | null = null) =>
  new FeatureCache({ root, identity, lengths, layers: [3, 6], lastRows, hiddenSize: 4, dtype: "float16" });

/** Records that tell which example they belong to. */
const record = (cache: FeatureCache, example: number) => new Uint8Array(cache.recordBytes(example)).fill(example + 1);

/** Fills a cache and counts the examples that had to be computed. */
async function fill(cache: FeatureCache): Promise<number> {
  let computed = 0;
  await cache.fill(async (examples) => {
    computed += examples.length;
    return Array.from(examples, (example) => record(cache, example));
  });
  return computed;
}

async function expectWhole(cache: FeatureCache): Promise<void> {
  for (const example of lengths.keys()) expect(await cache.read(example)).toEqual(record(cache, example));
}

const shardFiles = async (cache: FeatureCache) =>
  (await readdir(cache.folder)).filter((name) => name.endsWith(".bin")).map((name) => join(cache.folder, name));

describe("FeatureCache", () => {
  // Where a process can see which files it has open.
  it.skipIf(process.platform !== "linux")("leaves no file open where it could not be filled", async () => {
    const openHere = async () => {
      const links = (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ""));
      return (await Promise.all(links)).filter((file) => file.startsWith(root));
    };
    // 40 MB a text: a shard each, the first of which is written.
    const options = { root, identity: {}, lengths: [1, 2], layers: [3], hiddenSize: 20e6, dtype: "float16" } as const;
    const cache = new FeatureCache(options);
    let shards = 0;
    const failing = cache.fill(async (examples) => {
      if (++shards === 2) throw new Error("the engine is closed");
      expect(examples).toHaveLength(1);
      return Array.from(examples, (example) => new Uint8Array(cache.recordBytes(example)));
    });
    await expect(failing).rejects.toThrow("the engine is closed");
    expect(await openHere()).toEqual([]);
  });

  it("computes once and reads by example afterwards", async () => {
    const cache = make();
    expect(await fill(cache)).toBe(lengths.length);
    await expectWhole(cache);
    await cache.close();
    const again = make();
    expect(await fill(again)).toBe(0);
    await expectWhole(again);
    await again.close();
  });

  it.each([
    ["every token", null, 2 * 25],
    ["two rows of the last layer", 2, 25 + 2 * 5],
  ])("tells its size beforehand, with %s", async (_, lastRows, rows) => {
    const cache = make({ data: "a" }, lastRows);
    expect(cache.bytes).toBe(rows * 4 * 2 + 32);
    await fill(cache);
    const sizes = await Promise.all((await shardFiles(cache)).map(async (file) => (await readFile(file)).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(cache.bytes);
    await expectWhole(cache);
    await cache.close();
  });

  it("keeps caches of different data apart", async () => {
    expect(make({ data: "a" }).folder).not.toBe(make({ data: "b" }).folder);
  });

  it.each([
    ["torn", (file: string) => truncate(file, 40)],
    ["empty", (file: string) => truncate(file, 0)],
    [
      "damaged in one bit",
      async (file: string) => {
        const bytes = await readFile(file);
        bytes[17] = (bytes[17] as number) ^ 1;
        await writeFile(file, bytes);
      },
    ],
  ])("computes a shard again that is %s", async (_, damage) => {
    const cache = make();
    await fill(cache);
    await cache.close();
    await damage((await shardFiles(cache))[0] as string);
    const again = make();
    expect(await fill(again)).toBe(lengths.length);
    await expectWhole(again);
    await again.close();
  });

  it.each([
    ["overwritten", (file: string, size: number) => writeFile(file, Buffer.alloc(size, 0x7f))],
    ["cut off", (file: string) => truncate(file, 40)],
    [
      "changed in one byte",
      async (file: string) => {
        const handle = await open(file, "r+");
        await handle.write(Buffer.of(0x7f), 0, 1, 3);
        await handle.close();
      },
    ],
  ])("tells in mid-run that a shard was %s, and which", async (_, damage) => {
    const cache = make();
    await fill(cache);
    await expectWhole(cache);
    const [file] = (await shardFiles(cache)) as [string];
    await damage(file, (await stat(file)).size);
    const reading = cache.read(1);
    await expect(reading).rejects.toThrow(UserError);
    await expect(reading).rejects.toThrow(/shard-00000\.bin: .*overwritten or damaged while it was in use; delete/);
    await cache.close();
  });

  it("goes on where a shard got another name, other times or the same bytes again", async () => {
    const cache = make();
    await fill(cache);
    const [file] = (await shardFiles(cache)) as [string];
    const bytes = await readFile(file);
    await utimes(file, 1, 1);
    await expectWhole(cache);
    await writeFile(file, bytes);
    await expectWhole(cache);
    await rename(file, `${file}.moved`);
    await writeFile(file, "another file");
    await expectWhole(cache);
    await cache.close();
  });

  it("leaves nothing behind when the computation fails", async () => {
    const cache = make();
    await expect(cache.fill(() => Promise.reject(new Error("stopped")))).rejects.toThrow("stopped");
    expect(await shardFiles(cache)).toEqual([]);
  });

  it("may be filled by two at once", async () => {
    const [one, two] = [make(), make()];
    await Promise.all([fill(one), fill(two)]);
    await expectWhole(one);
    await expectWhole(two);
    await one.close();
    await two.close();
  });
});

it("computes again what the disk does not give back", async () => {
  // A folder has a size, and cannot be read.
  const { size } = await stat(root);
  expect(await OpenShard.open(root, size - checksumBytes)).toBeNull();
});

/** 40 MB a text: a shard each. */
const wide = () =>
  new FeatureCache({ root, identity: {}, lengths: [1, 1, 1], layers: [3], hiddenSize: 20e6, dtype: "float16" });
const part = (index: number, count: number) => ({ index, count });

describe("a part of a cache", () => {
  const compute = (cache: FeatureCache) => async (examples: Uint32Array) =>
    Array.from(examples, (example) => record(cache, example));

  it("is every n-th shard, and all together are the whole", async () => {
    const [first, second, whole] = [wide(), wide(), wide()];
    const told: [number, number][] = [];
    const filled = await first.fill(compute(first), (done, total) => void told.push([done, total]), part(0, 2));
    expect(filled).toEqual({ shards: 2, of: 3, examples: 2, computed: 2 });
    expect(told).toEqual([
      [1, 2],
      [2, 2],
    ]);
    await expect(first.read(1)).rejects.toThrow("not in the cache");
    await second.fill(compute(second), undefined, part(1, 2));
    const nothing = () => Promise.reject(new Error("all is there"));
    expect(await whole.fill(nothing)).toEqual({ shards: 3, of: 3, examples: 3, computed: 0 });
    for (const cache of [first, second, whole]) await cache.close();
  });

  it("is nothing where there are more parts than shards", async () => {
    const cache = wide();
    expect(await cache.fill(compute(cache), undefined, part(7, 8))).toMatchObject({ shards: 0, of: 3, examples: 0 });
    await cache.close();
  });
});

describe("a shard that was hashed before", () => {
  it("is not hashed again while its file is the same, whoever hashed it", async () => {
    const cache = make();
    await cache.fill(
      async (examples) => Array.from(examples, (example) => record(cache, example)),
      undefined,
      part(0, 1),
    );
    await cache.close();
    const [file] = (await shardFiles(cache)) as [string];
    const { size } = await stat(file);
    // A record says that other bytes were found whole: only who hashes them would notice.
    await writeFile(file, Buffer.alloc(size, 0x7f));
    expect(
      await OpenShard.open(file, size - checksumBytes, await CheckedShards.read(cache.folder, undefined)),
    ).toBeNull();
    const trusting = await CheckedShards.read(cache.folder, part(0, 2));
    const { mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    trusting.add("shard-00000.bin", `${size} ${mtimeNs} ${ctimeNs}`);
    await trusting.save();
    const shard = await OpenShard.open(file, size - checksumBytes, await CheckedShards.read(cache.folder, undefined));
    expect(shard).not.toBeNull();
    await shard?.close();
  });

  it("is hashed again where the record is damaged", async () => {
    const cache = make();
    await fill(cache);
    await cache.close();
    await writeFile(join(cache.folder, "checked.json"), '{"shard-00000.bin": 3');
    const [file] = (await shardFiles(cache)) as [string];
    await writeFile(file, Buffer.alloc((await stat(file)).size));
    const again = make();
    expect(await fill(again)).toBe(lengths.length);
    await again.close();
  });
});
