import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";

const fixtures = "../shared/fixtures";

/** The golden folders are beside the project where it is developed, not on a user's machine. */
it
  .skipIf(!existsSync(fixtures))
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
  ])("agrees with PyTorch's numbers: %s (needs ../shared)", (folder) => {
  const run = spawnSync(process.execPath, ["dist/parity/main.js", `${fixtures}/${folder}`], { encoding: "utf8" });
  const problems = run.stdout.split("\n").filter((line) => /FAIL|NOT COMPARED/.test(line));
  expect(problems).toEqual([]);
  expect(run.status, run.stderr).toBe(0);
});
