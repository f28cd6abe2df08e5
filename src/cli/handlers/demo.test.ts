import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Output } from "../output.js";
import { handleDemo } from "./demo.js";
import { type DemoReport, demoPage } from "./demo-page.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kadapter-demo-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const nowhere = { write: () => true };
const demo = (overwrite: boolean) =>
  handleDemo(
    { out: folder, epochs: 1, seed: 1, overwrite },
    {
      output: new Output(true, nowhere, nowhere),
      signal: new AbortController().signal,
      stderr: process.stderr,
    },
  );

it("touches no folder that is somebody else's", async () => {
  const file = join(folder, "data");
  writeFileSync(file, "mine");
  await expect(demo(false)).rejects.toThrow("the folder is not empty; choose another --out, or replace");
  await expect(demo(true)).rejects.toThrow("the folder was not made by a demo; choose another --out");
  expect(existsSync(file)).toBe(true);
});

it("says plainly that the model is random, and what it cannot do", () => {
  const accuracies = { adapter: 0.5, noAdapter: 0.25, majority: 0.125 };
  const report: DemoReport = {
    out: "runs/demo",
    seed: 42,
    backbone: {
      folder: "runs/demo/backbone",
      layers: 4,
      hiddenSize: 128,
      vocabSize: 1000,
      parameters: 900_000,
      trained: false,
      hashBefore: "a",
      hashAfter: "b",
    },
    data: { folder: "runs/demo/data", relations: 16, train: 100, test: 10 },
    architecture: {},
    accuracy: { knownPatterns: accuracies, newPatterns: accuracies },
    examples: [{ text: "A B.", subject: "A", object: "B", relation: "r", predicted: "s" }],
    adapter: "runs/demo/adapter",
    seconds: 1,
  };
  const page = demoPage(report, "runs/demo/data/test.jsonl").join("\n");
  expect(page).toContain("RANDOM, UNTRAINED");
  expect(page).toMatch(/frozen model \+ adapter +50\.0 % +50\.0 %/);
  expect(page).toContain('A → B: wrong: said "s", the fact is "r"');
  expect(page).toContain("after   b  CHANGED");
});
