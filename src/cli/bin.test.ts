import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const bin = new URL("../../bin/kadapter.js", import.meta.url).pathname;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kadapter-bin-"));
  mkdirSync(join(folder, "bin"));
  copyFileSync(bin, join(folder, "bin", "kadapter.js"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = () => spawnSync(process.execPath, [join(folder, "bin", "kadapter.js")], { encoding: "utf8" });

describe("bin/kadapter.js", () => {
  it("says in one line how to build what is not built", () => {
    const { status, stdout, stderr } = run();
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toBe("error: kadapter is not built yet; run `npm run build` in its folder\n");
  });

  it("runs the build that is there, and lets its errors show", () => {
    mkdirSync(join(folder, "dist", "cli"), { recursive: true });
    const main = join(folder, "dist", "cli", "main.js");
    writeFileSync(main, "export async function main() { console.log('ran'); process.exitCode = 3; }");
    expect(run()).toMatchObject({ status: 3, stdout: "ran\n", stderr: "" });
    writeFileSync(main, "import './missing.js';");
    expect(run()).toMatchObject({ status: 1, stderr: expect.stringContaining("missing.js") });
  });
});
