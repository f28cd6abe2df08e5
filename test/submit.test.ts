/** Commands for clusters, checked and laid out where they are typed. */

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { expectComplaint, kadapter } from "./support.js";

const training = ["pretrain", "factual", "--backbone", "m", "--train", "t.jsonl", "--out", "runs/it is"];
const script = async (...words: readonly (string | number)[]) => {
  const run = await kadapter(["submit", "slurm", ...words]);
  expect(run.stderr).not.toMatch(/error/);
  expect(run.code).toBe(0);
  return run.stdout;
};

describe("submit slurm", () => {
  test("a training goes on where it was stopped", async () => {
    const text = await script(
      "--time",
      "4:00:00",
      "--cpus",
      16,
      "--memory",
      "24G",
      "--setup",
      "module load x",
      "--",
      ...training,
    );
    const words = "--backbone m --train t.jsonl --out 'runs/it is'";
    expect(text).toContain(`\ncommand=(kadapter pretrain factual --resume ${words})\n`);
    for (const line of ["--time=4:00:00", "--cpus-per-task=16", "--mem=24G", "--requeue", "--signal=B:USR1@120"]) {
      expect(text).toContain(`\n#SBATCH ${line}\n`);
    }
    expect(text).toContain("\nset -u\nmodule load x\n");
  });

  test("an array gives every task its part, the outer command's and not the inner one's", async () => {
    const text = await script("--array", 8, "--", "features", "--", ...training);
    expect(text).toContain('command=(kadapter features --part "$SLURM_ARRAY_TASK_ID/8" -- pretrain factual --backbone');
  });

  test("a sweep's table comes after its parts", async () => {
    const run = await kadapter(["submit", "slurm", "--array", 4, "--", "sweep", "my sweep.yaml"]);
    expect(run.stderr).toContain("kadapter submit slurm --after JOB -- sweep --table-only 'my sweep.yaml'\n");
    const manifest = ["submit", "kubernetes", "--image", "i", "--array", 4, "--", "sweep", "s.yaml"];
    expect((parse((await kadapter(manifest)).stdout) as { kind: string }).kind).toBe("JobSet");
  });

  test("what a recipe says may be readable there only", async () => {
    const text = await script("--", "pretrain", "factual", "--recipe", "/cluster/only.yaml", "--epochs", 3);
    expect(text).toContain("command=(kadapter pretrain factual --resume --recipe /cluster/only.yaml --epochs 3)");
  });
});

test.each<[string, readonly (string | number)[], RegExp]>([
  ["a mistake in the command", ["--", ...training, "--epochs", "many"], /--epochs: "many" is not valid/],
  [
    "a mistake behind features",
    ["--array", 2, "--", "features", "--", ...training, "--epoch", 3],
    /unknown option '--epoch'/,
  ],
  ["an unknown command", ["--", "fly"], /fly: this is no command that a cluster can run/],
  ["itself", ["--", "submit", "slurm", "--", "doctor"], /this is no command that a cluster can run/],
  ["parts of what has none", ["--array", 2, "--", ...training], /--array: pretrain factual does not work in parts/],
  ["parts of a part", ["--array", 2, "--", "sweep", "--part", "0/2", "f"], /--array: sweep names its --part, too/],
  ["ranks of what has none", ["--nodes", 2, "--", "doctor"], /--nodes: doctor runs in one process/],
  [
    "an odd number of ranks",
    ["--nodes", 3, "--", ...training],
    /--nodes: 3 nodes with 1 each; expected a power of two/,
  ],
  ["what would begin anew", ["--", ...training, "--overwrite"], /--overwrite would throw away what was done/],
  ["a time that is none", ["--time", "1h\n#SBATCH --x", "--", ...training], /--time: .* is not valid/],
  ["a partition that ends a line", ["--partition", "p q", "--", ...training], /--partition: "p q" is not valid/],
])("refuses %s", async (_, words, expected) => {
  expect(expectComplaint(await kadapter(["submit", "slurm", ...words]))).toMatch(expected);
});

test("says in one line that the cluster's program is not there, or what it said", async () => {
  const path = process.env["PATH"];
  try {
    process.env["PATH"] = "/nowhere";
    const run = await kadapter(["submit", "slurm", "--submit", "--", ...training]);
    expect(expectComplaint(run)).toMatch(/sbatch: it is not installed here; print the text/);
  } finally {
    process.env["PATH"] = path;
  }
});
