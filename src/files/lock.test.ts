import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFile, mayBeInUse, removeLeftovers, removeLeftoversOf, temporaryBeside } from "./leftovers.js";
import { type FolderLock, lockFolder } from "./lock.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-lock-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** No system gives so high a number. */
const deadPid = 2 ** 30;
const left = (holder: object) => writeFile(join(folder, lockFile), JSON.stringify(holder));
const host = hostname();

describe("lockFolder", () => {
  it("lets one in at a time, and leaves nothing behind", async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow("this process writes into this folder; wait for it");
    expect(await readdir(folder)).toEqual([lockFile]);
    await lock.close();
    expect(await readdir(folder)).toEqual([]);
    await (await lockFolder(folder)).close();
  });

  it("takes over what a dead process left, once however many try", async () => {
    await left({ pid: deadPid, host, began: null });
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    const got = tries.filter((one): one is PromiseFulfilledResult<FolderLock> => one.status === "fulfilled");
    expect(got.length).toBe(1);
    expect(await readdir(folder)).toEqual([lockFile]);
    await got[0]?.value.close();
  });

  it.runIf(process.platform === "linux")("knows a process from one that was given its number later", async () => {
    await left({ pid: process.pid, host, began: "00000000-1" });
    await (await lockFolder(folder)).close();
    await left({ pid: process.pid, host, began: null });
    await expect(lockFolder(folder)).rejects.toThrow("this process writes");
  });

  const quick = { renew: 20, watch: 400 };

  it("takes over what a dead process of another machine left, once however many try", async () => {
    await left({ pid: 7, host: "elsewhere", began: null });
    const tries = await Promise.allSettled(Array.from({ length: 5 }, () => lockFolder(folder, quick)));
    const got = tries.filter((one): one is PromiseFulfilledResult<FolderLock> => one.status === "fulfilled");
    expect(got.length).toBe(1);
    await got[0]?.value.close();
  });

  it("leaves alone what a process of another machine renews, and takes what it gives back", async () => {
    const lock = await lockFolder(folder, quick);
    const path = join(folder, lockFile);
    const elsewhere = (await readFile(path, "utf8")).replace(JSON.stringify(host), '"elsewhere.\\u001b[2J"');
    await writeFile(path, elsewhere);
    await expect(lockFolder(folder, quick)).rejects.toThrow(/process \d+ on "elsewhere.*; wait for it/);
    const waiting = lockFolder(folder, quick);
    await rm(path);
    await (await waiting).close();
    await lock.close();
  });

  it("says what to do where it cannot tell whose lock it is", async () => {
    await writeFile(join(folder, lockFile), "no lock");
    await expect(lockFolder(folder)).rejects.toThrow(/an unknown process writes .*remove .*kadapter.lock/);
  });

  it("does not take away a lock that is another's by now", async () => {
    const lock = await lockFolder(folder);
    await left({ pid: 7, host: "elsewhere", began: null });
    await lock.close();
    expect(await readdir(folder)).toEqual([lockFile]);
  });
});

describe("removeLeftovers", () => {
  const half = `weights.safetensors.${deadPid}.0a1b2c3d.tmp`;
  const [mine, others] = ["notes.2024.tmp", `${lockFile}.${deadPid}.0a1b2c3d.tmp`];

  it("removes what killed processes left half-written, and nothing else", async () => {
    for (const name of [half, mine, others]) await writeFile(join(folder, name), "");
    await removeLeftovers(folder, true);
    expect((await readdir(folder)).sort()).toEqual([others, mine].sort());
  });

  it("waits where others may write", async () => {
    await writeFile(join(folder, half), "");
    await removeLeftovers(folder, false);
    expect(await readdir(folder)).toEqual([half]);
    await utimes(join(folder, half), 0, 0);
    await removeLeftovers(folder, false);
    expect(await readdir(folder)).toEqual([]);
  });

  /** What this machine's dead process would have left of a file. */
  const leftOf = (name: string) => basename(temporaryBeside(name)).replace(`.${process.pid}.`, `.${deadPid}.`);

  it("knows at once what a dead process of this machine left, the lock's own included", async () => {
    const own = basename(temporaryBeside("weights.safetensors"));
    for (const name of [leftOf("weights.safetensors"), leftOf(lockFile), own]) await writeFile(join(folder, name), "");
    await removeLeftovers(folder, false);
    expect(await readdir(folder)).toEqual([own]);
  });

  it("removes what is left of one file, and of no other", async () => {
    const [gone, other] = [leftOf("a.json"), leftOf("a.json.gz")];
    for (const name of [gone, other]) await writeFile(join(folder, name), "");
    await removeLeftoversOf(join(folder, "a.json"));
    expect(await readdir(folder)).toEqual([other]);
  });
});

it("takes a time to come for a clock's mistake", () => {
  const minute = 60_000;
  expect([0, 9, 11, -9, -11].map((ago) => mayBeInUse(-ago * minute, 0))).toEqual([true, true, false, true, false]);
});
