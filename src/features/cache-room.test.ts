import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cacheMark, defaultCacheFolder, makeRoom, roomFor } from "./cache-room.js";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-room-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const minute = 60_000;
const now = 1_700_000_000_000;

/** A cache of 1000 bytes that was used so many minutes ago. */
async function cache(name: string, minutesAgo: number): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  await writeFile(join(folder, "shard-00000.bin"), new Uint8Array(998));
  await writeFile(join(folder, cacheMark), "{}");
  const used = new Date(now - minutesAgo * minute);
  await utimes(join(folder, cacheMark), used, used);
  return folder;
}

const left = async () => (await readdir(root)).sort();
const room = (bytes: number, limit: number) => makeRoom(root, join(root, "new"), bytes, limit, now);

describe("makeRoom", () => {
  it("removes nothing where all fit", async () => {
    await cache("a", 60);
    expect(await room(1000, 2000)).toEqual({ fits: true, removed: [], others: 1000 });
    expect(await left()).toEqual(["a"]);
  });

  it("removes the caches that were used longest ago, and no more than needed", async () => {
    const [, old] = [await cache("a", 60), await cache("b", 90), await cache("c", 30)];
    expect(await room(1000, 3000)).toEqual({ fits: true, removed: [old], others: 2000 });
    expect(await left()).toEqual(["a", "c"]);
  });

  it("takes a cache that was used at a time to come for an idle one", async () => {
    const idle = await cache("a", -60);
    expect(await room(1000, 1500)).toEqual({ fits: true, removed: [idle], others: 0 });
  });

  it("leaves those alone that may be in use, and everything where that is not enough", async () => {
    await cache("idle", 60);
    await cache("busy", 2);
    expect(await room(1000, 1500)).toEqual({ fits: false, removed: [], others: 2000 });
    expect(await left()).toEqual(["busy", "idle"]);
    expect((await room(1000, 2000)).removed).toEqual([join(root, "idle")]);
  });

  it("does not count the cache itself, nor what is no cache", async () => {
    await cache("new", 60);
    await mkdir(join(root, "int8"));
    await writeFile(join(root, "int8", "weights"), new Uint8Array(5000));
    expect(await room(1000, 1000)).toEqual({ fits: true, removed: [], others: 0 });
    expect(await left()).toEqual(["int8", "new"]);
  });

  it("finds room in a folder that is not there yet", async () => {
    expect((await makeRoom(join(root, "none"), join(root, "none", "new"), 1, 1, now)).fits).toBe(true);
  });
});

describe("roomFor", () => {
  afterEach(() => void vi.unstubAllEnvs());

  it("does without a cache where the usual folder cannot be made, and says so", async () => {
    await writeFile(join(root, "file"), "");
    vi.stubEnv("XDG_CACHE_HOME", join(root, "file"));
    const usual = defaultCacheFolder();
    const notes: string[] = [];
    const fits = await roomFor("train", usual, { folder: join(usual, "new"), bytes: 1000 }, 2000, (event) => {
      if (event.kind === "note") notes.push(event.text);
    });
    expect(fits).toBe(false);
    expect(notes).toEqual([expect.stringMatching(/^train: the usual folder for hidden states, .*features, cannot be/)]);
  });
});
