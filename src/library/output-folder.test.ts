import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inOutputFolder, withOutputFolder } from "./output-folder.js";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-output-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("the folder of a training", () => {
  it("takes one training at a time, also one that would replace what is there", async () => {
    const out = join(root, "run");
    const second = () => inOutputFolder({ out, resume: false, overwrite: true }, async () => "second");
    await inOutputFolder({ out, resume: false, overwrite: false }, async () => {
      await expect(second()).rejects.toThrow(/run: this process writes into this folder; wait for it, or choose/);
    });
    expect(await second()).toBe("second");
    expect(await readdir(out)).toEqual([]);
  });

  it("is cleared of what a killed run left half-written", async () => {
    const [half, checkpoint] = ["head.safetensors.1.0a1b2c3d.tmp", "step-00000004.1.0a1b2c3d.tmp"];
    await mkdir(join(root, "checkpoints", checkpoint), { recursive: true });
    await writeFile(join(root, half), "half");
    await withOutputFolder(root, async () => undefined);
    expect(await readdir(root)).toEqual(["checkpoints"]);
    expect(await readdir(join(root, "checkpoints"))).toEqual([]);
  });

  it("tells what went wrong, not that the lock could not be removed then", async () => {
    const out = join(root, "run");
    const fail = withOutputFolder(out, async () => {
      // A folder in the lock's place cannot be read as one.
      await rm(join(out, "kadapter.lock"));
      await mkdir(join(out, "kadapter.lock"));
      throw new Error("the disk is full");
    });
    await expect(fail).rejects.toThrow("the disk is full");
  });

  it("goes again where nothing was written into it", async () => {
    const fail = withOutputFolder(join(root, "a", "b"), () => Promise.reject(new Error("no data")));
    await expect(fail).rejects.toThrow("no data");
    expect(await readdir(root)).toEqual([]);
  });
});
