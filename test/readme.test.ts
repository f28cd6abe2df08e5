/** The blocks of TypeScript in README.md and docs/ compile against the package's types, and run as they stand. */
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testFolder } from "./support.js";

interface Block {
  readonly where: string;
  readonly code: string;
}

/** What stands between a line "```ts" and the next "```". */
async function blocksOf(page: string): Promise<Block[]> {
  const text = await readFile(page, "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ 1: code = "", index }) => ({
    where: `${page}:${text.slice(0, index).split("\n").length}`,
    code,
  }));
}

const pages = [
  "README.md",
  ...(await readdir("docs")).filter((name) => name.endsWith(".md")).map((name) => join("docs", name)),
];
const blocks = (await Promise.all(pages.map(blocksOf))).flat();

/** In the package, so that its own name is resolved as a user's Node and TypeScript do it. */
let folder: string;
let caches: string;
beforeAll(async () => {
  caches = await testFolder();
  await mkdir("runs", { recursive: true });
  folder = await mkdtemp(join("runs", "readme-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(caches, { recursive: true, force: true });
});

/** Compiles a file beside itself; what TypeScript complains of. */
function compile(file: string): string[] {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    types: ["node"],
  });
  const { diagnostics } = program.emit();
  const all = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  return all.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("code in the documentation", () => {
  it("is there: the front door stands in README", () => {
    expect(blocks.map(({ code }) => code).join("\n")).toMatch(/from "kadapter";/);
  });

  it.each(blocks)("$where compiles and runs", async ({ code }) => {
    const file = join(folder, "block.ts");
    await writeFile(file, code.replaceAll('"runs/', `"${folder}/`));
    expect(compile(file)).toEqual([]);
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, "block.js")], { encoding: "utf8" });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    if (code.includes("predict(")) expect(stdout).toMatch(/\bfounder\b/);
  });
});
