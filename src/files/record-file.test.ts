import { mkdtemp, open, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RandomStream } from "../random.js";
import { recordBytes } from "./bounds.js";
import { RecordFile } from "./record-file.js";
import { scratchFolder } from "./scratch-file.js";

let folder = "";
let records: RecordFile;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-records-"));
  records = await RecordFile.create(folder);
});
afterEach(async () => {
  records.close();
  await rm(folder, { recursive: true });
});

/** Records of all sizes, the same for the same number. */
function recordOf(i: number): Buffer {
  const random = new RandomStream(7, i);
  return Buffer.from(Uint8Array.from({ length: random.below(i % 100 === 0 ? 5000 : 300) }, () => random.below(256)));
}

/** The names of the files in the folder that this process has open, where the system tells. */
async function openHere(): Promise<readonly string[]> {
  const files = await readdir("/proc/self/fd");
  const links = await Promise.all(files.map((file) => readlink(`/proc/self/fd/${file}`).catch(() => "")));
  return files.filter((_, i) => (links[i] as string).startsWith(folder)).map((file) => `/proc/self/fd/${file}`);
}

const onLinux = it.skipIf(process.platform !== "linux");

describe("RecordFile", () => {
  it("gives back in any order what was written, while it is written", () => {
    const all = Array.from({ length: 4000 }, (_, i) => recordOf(i));
    const differ = (among: number) =>
      all.filter((_, i) => i < among && !records.read((i * 7919) % among).equals(all[(i * 7919) % among] as Buffer));
    for (const [i, record] of all.entries()) {
      records.append(record);
      if (i % 500 === 0) expect(differ(i + 1)).toEqual([]);
    }
    expect(records.length).toBe(all.length);
    expect(differ(all.length)).toEqual([]);
    expect(all.filter((record, i) => !records.read(i).equals(record))).toEqual([]);
  });

  it("keeps a record that is larger than what it holds in memory, and refuses one beyond all bounds", () => {
    const large = Buffer.alloc(3_000_000, 5);
    for (const record of [recordOf(1), large, recordOf(2)]) records.append(record);
    const same = [recordOf(1), large, recordOf(2)].map((record, i) => records.read(i).equals(record));
    expect(same).toEqual([true, true, true]);
    expect(() => records.append(Buffer.alloc(recordBytes))).toThrow(
      `an example takes ${recordBytes} bytes; expected at most ${recordBytes - 4}; make it shorter`,
    );
    expect(records.length).toBe(3);
  });

  onLinux("leaves nothing in the folder, even while it is open, and touches no disk for a few records", async () => {
    records.append(recordOf(1));
    expect(await openHere()).toEqual([]);
    for (let i = 0; i < 3000; i++) records.append(recordOf(i));
    expect(await readdir(folder)).toEqual([]);
    expect(await openHere()).toHaveLength(1);
    records.close();
    expect(await openHere()).toEqual([]);
  });

  onLinux("says in one line that what it kept is damaged", async () => {
    for (let i = 0; i < 3000; i++) records.append(recordOf(i));
    const [path] = await openHere();
    const file = await open(path as string, "r+");
    await file.write(Buffer.of(recordOf(1)[0]! ^ 1), 0, 1, recordOf(0).length + 8);
    const line =
      "an example that was kept on disk is damaged: it is not what was written; check the disk, or name a folder";
    expect(records.read(0)).toEqual(recordOf(0));
    expect(() => records.read(1)).toThrow(line);
    expect(records.read(2)).toEqual(recordOf(2));
    await file.truncate(1000);
    await file.close();
    expect(() => records.read(100)).toThrow(line);
  });

  it("says in one line that the folder takes nothing", async () => {
    const path = join(folder, "file");
    await writeFile(path, "");
    const nowhere = await RecordFile.create(path);
    expect(() => {
      for (let i = 0; i < 3000; i++) nowhere.append(recordOf(i));
    }).toThrow(
      `${path}: cannot keep data there for a while (TMPDIR names another folder): a part of the path is a file`,
    );
  });

  it("removes what a process left that was killed before it could", async () => {
    // No process has so high a number.
    await writeFile(join(folder, "kadapter-scratch.999999999.0123456789abcdef.tmp"), "");
    await writeFile(join(folder, "kadapter-scratch.txt"), "");
    (await RecordFile.create(folder)).close();
    expect((await readdir(folder)).filter((name) => name.endsWith(".txt"))).toEqual(["kadapter-scratch.txt"]);
  });
});

it("is in the folder that TMPDIR names", () => {
  expect(scratchFolder({ TMPDIR: tmpdir() })).toBe(tmpdir());
  expect(scratchFolder({})).not.toBe("");
});
