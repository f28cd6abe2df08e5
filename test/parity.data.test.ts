import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { published } from "../src/testing/published.js";

const fixtures = published("fixtures");

it
  .skipIf(!fixtures)
  .each([
    "backbones/roberta",
    "backbones/bert",
    "backbones/gpt2",
    "backbones/xlnet",
    "adapter-factual",
    "adapter-linguistic",
    "downstream",
    "scorers",
    "tokenization",
    "adamw",
  ])("agrees with PyTorch's numbers: %s", (folder) => {
  const run = spawnSync(process.execPath, ["dist/parity/main.js", `${fixtures}/${folder}`], { encoding: "utf8" });
  const problems = run.stdout.split("\n").filter((line) => /FAIL|NOT COMPARED/.test(line));
  expect(problems).toEqual([]);
  expect(run.status, run.stderr).toBe(0);
});
