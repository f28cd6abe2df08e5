import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { makeFolder, writeAtomically, writeFileAtomically } from "./atomic.js";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-files-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("makeFolder", () => {
  it("makes what is missing and says where that begins", async () => {
    expect(await makeFolder(join(root, "a", "b", "c"))).toBe(join(root, "a"));
    expect(await makeFolder(join(root, "a", "b", "d"))).toBe(join(root, "a", "b", "d"));
    expect(await makeFolder(join(root, "a", "b"))).toBeNull();
  });

  it("refuses a path through a file", async () => {
    await writeFile(join(root, "file"), "");
    await expect(makeFolder(join(root, "file", "below"))).rejects.toThrow(UserError);
    await expect(makeFolder(join(root, "file"))).rejects.toThrow(UserError);
  });

  it.skipIf(process.platform !== "linux")("ends below a folder that takes no entries", async () => {
    await expect(makeFolder("/proc/kadapter/out")).rejects.toThrow(UserError);
  });
});

describe("writeAtomically", () => {
  it("replaces a file whole, and leaves no temporary file", async () => {
    const path = join(root, "sub", "file");
    await writeFileAtomically(path, "old");
    await writeFileAtomically(path, "new");
    expect(await readFile(path, "utf8")).toBe("new");
    expect(await readdir(join(root, "sub"))).toEqual(["file"]);
  });

  it("keeps the old file when writing fails", async () => {
    const path = join(root, "file");
    await writeFileAtomically(path, "old");
    await expect(
      writeAtomically(path, async (file) => {
        await file.writeFile("half");
        throw new Error("power cut");
      }),
    ).rejects.toThrow("power cut");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(root)).toEqual(["file"]);
  });
});
