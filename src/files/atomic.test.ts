import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { copyAtomically, fileError, makeFolder, writeAtomically, writeFileAtomically } from "./atomic.js";
import { temporaryBeside } from "./leftovers.js";

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

  it("removes what a killed process left of the same file", async () => {
    const path = join(root, "file");
    // No system gives so high a number.
    await writeFile(temporaryBeside(path).replace(`.${process.pid}.`, `.${2 ** 30}.`), "half");
    await writeFileAtomically(path, "whole");
    expect(await readdir(root)).toEqual(["file"]);
  });
});

it("copies a file, or names the one that is missing", async () => {
  await writeFile(join(root, "from"), "content");
  await copyAtomically(join(root, "from"), join(root, "to"));
  expect(await readFile(join(root, "to"), "utf8")).toBe("content");
  await expect(copyAtomically(join(root, "none"), join(root, "to"))).rejects.toThrow(
    /none: cannot read the file: no such/,
  );
});

it("tells a failing disk in one line", () => {
  const error = fileError("a/b", "write the file", Object.assign(new Error("EIO: i/o error, write"), { code: "EIO" }));
  expect(error).toBeInstanceOf(UserError);
  expect(error.message).toBe(
    "a/b: cannot write the file: the disk reports an error; check the path, its permissions and free space",
  );
});
