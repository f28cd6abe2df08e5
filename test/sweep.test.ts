/** A sweep from its file to its table: grids, rows and seeds, stopped and resumed, with runs that fail. */
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  expectComplaint,
  filesBelow,
  json,
  kadapter,
  kadapterProcess,
  makeWorld,
  stepsDone,
  type World,
} from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

type Result = Record<string, unknown>;
interface Outcome {
  readonly name: string;
  readonly scores: Readonly<Record<string, number>> | null;
  readonly error?: string;
}

/** Writes a sweep's file over the built-in facts. */
async function sweepFile(name: string, lines: readonly string[], options: readonly string[] = []): Promise<string> {
  const path = world.at(`${name}.yaml`);
  const common = [
    ...[`out: ${world.at(name)}`, "options:", `  backbone: ${world.backbone}`, `  train: ${world.train}`],
    ...[`  dev: ${world.dev}`, "  max-length: 64", "  batch-size: 16", "  threads: 1", ...options.map((o) => `  ${o}`)],
  ];
  await writeFile(path, `${[...lines, ...common].join("\n")}\n`);
  return path;
}

const shape = ['layers: "0,1,3"', "adapter-size: 16", "adapter-heads: 2", "transformer-layers: 1", "max-steps: 4"];
const outcomes = (result: Result) => result["runs"] as Outcome[];

test("pre-training over seeds, evaluated on more data; a finished run is not repeated", async () => {
  const head = ["run: pretrain factual", "seeds: [1, 2]", "eval:", `  held-out: ${world.test}`];
  const grid = ["grid:", "  features: [adapter, last]"];
  const file = await sweepFile("seeds", [...head, ...grid, "metrics: [accuracy, held-out.accuracy]"], shape);
  const result = await json(["sweep", file]);
  const names = ["features=adapter,seed=1", "features=last,seed=1", "features=adapter,seed=2", "features=last,seed=2"];
  expect(outcomes(result).map(({ name }) => name)).toEqual(names);

  // The table says what the runs say.
  const rows = result["rows"] as { setting: object; scores: Record<string, { mean: number; sd: number }> }[];
  expect(rows.map(({ setting }) => setting)).toEqual([{ features: "adapter" }, { features: "last" }]);
  const of = (i: number) => outcomes(result)[i]!.scores!["held-out.accuracy"]!;
  const { mean, sd } = rows[0]!.scores["held-out.accuracy"]!;
  expect(mean).toBeCloseTo((of(0) + of(2)) / 2, 12);
  expect(sd).toBeCloseTo(Math.abs(of(0) - of(2)) / Math.SQRT2, 12);
  const alone = ["eval", "--adapter", world.at("seeds", names[0]!), "--data", world.test, "--threads", 1];
  expect(of(0)).toBe((await json(alone))["accuracy"]);
  const table = (await readFile(world.at("seeds", "table.md"), "utf8")).split("\n");
  expect(table[0]).toBe("| features | accuracy | held-out.accuracy | runs |");
  expect(table[2]).toMatch(/^\| adapter \| 0\.\d{4} ± 0\.\d{4} \| 0\.\d{4} ± 0\.\d{4} \| 2 \|$/);
  const csv = (await readFile(world.at("seeds", "table.csv"), "utf8")).split("\r\n");
  expect(csv[0]).toBe("features,accuracy,accuracy sd,held-out.accuracy,held-out.accuracy sd,finished,runs,failure");
  expect(csv[1]!.split(",").slice(3, 5).map(Number)).toEqual([mean, sd]);

  const model = world.at("seeds", names[0]!, "adapter_model.safetensors");
  const before = (await stat(model)).mtimeMs;
  const run = await kadapter(["sweep", file, "--json"]);
  expect(run.stderr.match(/finished before/g)).toHaveLength(4);
  expect(JSON.parse(run.stdout)).toEqual(result);
  expect((await stat(model)).mtimeMs).toBe(before);

  // Other options than a run was made with: nothing is taken for what it is not.
  await sweepFile("seeds", [...head.with(1, "seeds: [2]"), ...grid], shape.with(-1, "max-steps: 5"));
  expect(expectComplaint(await kadapter(["sweep", file]))).toMatch(/recipe\.yaml: .*other options \(max-steps: 4\)/);
  expect(outcomes(await json(["sweep", file, "--overwrite"]))).toHaveLength(2);
});

test("fine-tuning rows with adapters by seed; runs that fail are rows, and are tried again", async () => {
  const adapter = world.at("adapters", "1");
  await json(world.training(adapter, "--max-steps", 1));
  const rows = ["rows:", "  - name: none", "  - name: F", `    adapter: ["fac=${world.at("adapters", "{seed}")}"]`];
  const head = ["run: finetune relations", "seeds: [1, 2]", ...rows];
  const file = await sweepFile("rows", head, ["max-steps: 3", `test: ${world.test}`, "head-learning-rate: 0.01"]);
  const run = await kadapter(["sweep", file, "--json"]);
  expect(run.code).toBe(1);
  const result = JSON.parse(run.stdout) as Result;
  expect(result["failed"]).toBe(1);
  const failed = outcomes(result).filter(({ scores }) => scores === null);
  expect(failed).toEqual([
    { ...failed[0], name: "F,seed=2", error: expect.stringMatching(/adapters\/2.*no such folder/) },
  ]);
  const table = await readFile(world.at("rows", "table.md"), "utf8");
  expect(table).toMatch(
    /^\| none \|.* \| 2 \|\n\| F \|.* \| 1 of 2 \|\n\| F \| failed: .*no such folder.* \| F,seed=2 \|$/m,
  );
  expect(table.split("\n")[0]).toContain("| test.accuracy |");
  // The second seed's adapter comes late.
  await json(world.training(world.at("adapters", "2"), "--max-steps", 1, "--seed", 2));
  const again = await json(["sweep", file]);
  expect(again["failed"]).toBe(0);
  expect(outcomes(again).slice(0, 3)).toEqual(outcomes(result).slice(0, 3));
});

test("stopped by Ctrl-C it goes on where it was", async () => {
  const options = [...shape.with(-1, "max-steps: 30"), "save-every: 1", "eval-every: 1", "epochs: 100"];
  const file = await sweepFile("stopped", ["run: pretrain factual", "seeds: [3, 4]"], options);
  const first = world.at("stopped", "seed=3");
  const run = await kadapterProcess(["sweep", file], {
    onStart: async (child) => {
      while ((await stepsDone(first)) < 4) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill("SIGINT");
    },
  });
  expect(run.code).toBe(130);
  expect(run.stderr).toMatch(/interrupted: continue with the same command\n$/);
  expect(await filesBelow(first)).toContainEqual(expect.stringMatching(/^checkpoints\/step-\d+$/));
  expect(await filesBelow(first)).not.toContain("adapter_config.json");
  const last = await kadapter(["sweep", file, "--json"]);
  expect(last.stderr).toMatch(/continued from step \d+/);
  expect(outcomes(JSON.parse(last.stdout) as Result).map(({ scores }) => scores === null)).toEqual([false, false]);
});

/** Waits until the process that writes into a folder is gone. */
async function writerGone(folder: string): Promise<void> {
  const { pid } = JSON.parse(await readFile(join(folder, "kadapter.lock"), "utf8")) as { readonly pid: number };
  const isThere = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (isThere()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("killed it takes its run along, and goes on where it was", async () => {
  const options = [...shape.with(-1, "max-steps: 12"), "save-every: 1", "epochs: 100"];
  const file = await sweepFile("killed", ["run: pretrain factual", "seeds: [3]"], options);
  const first = world.at("killed", "seed=3");
  const run = await kadapterProcess(["sweep", file], {
    onStart: async (child) => {
      while ((await stepsDone(first)) < 3) await new Promise((resolve) => setTimeout(resolve, 5));
      child.kill("SIGKILL");
    },
  });
  expect(run.signal).toBe("SIGKILL");
  await writerGone(first);
  const last = await kadapter(["sweep", file, "--json"]);
  expect(last.stderr).toMatch(/continued from step \d+/);
  expect(outcomes(JSON.parse(last.stdout) as Result).map(({ scores }) => scores === null)).toEqual([false]);
});

test.each<[string, string[], string[], RegExp]>([
  ["an unknown key", ["run: pretrain factual", "grids: {}"], [], /:2: unknown option "grids"; did you mean "grid"/],
  ["an unknown command", ["run: pretrain facts"], [], /:1: pretrain facts is no training; expected pretrain factual,/],
  ["no command", ["seeds: [1]"], [], /"run" is missing/],
  ["an unknown option", ["run: pretrain factual"], ["epoch: 3"], /:\d+: unknown option "epoch"; did you mean "epochs"/],
  ["a wrong value", ["run: pretrain factual", "grid:", "  epochs: [1, many]"], [], /:3: epochs: "many" is not valid/],
  ["a grid that is no list", ["run: pretrain factual", "grid:", "  epochs: 5"], [], /:3: epochs is no list/],
  ["seeds that are none", ["run: pretrain factual", "seeds: [x]"], [], /:2: seeds: "x" is not valid/],
  ["two equal runs", ["run: pretrain factual", "seeds: [1, 1]"], [], /two runs are the same: seed=1/],
  ["a row without a name", ["run: pretrain factual", "rows:", "  - seed: 1"], [], /:2: a row has no name/],
])("refuses %s before anything is run", async (_, lines, options, expected) => {
  const file = await sweepFile("refused", lines, options);
  const line = expectComplaint(await kadapter(["sweep", file, "--json"]));
  expect(line).toMatch(expected);
  expect(line).toContain(file);
  expect(await filesBelow(world.at("refused"))).toEqual([]);
  await rm(file);
});

test("parts do a share of the runs each, and one table is made of all", async () => {
  const head = ["run: pretrain factual", "seeds: [1, 2, 3]"];
  const file = await sweepFile("parts", head, shape);
  const first = await json(["sweep", file, "--part", "0/2"]);
  expect(outcomes(first).map(({ name }) => name)).toEqual(["seed=1", "seed=3"]);
  expect(await filesBelow(world.at("parts"))).not.toContain("table.md");
  // What is not finished is a row that says so, and the table is no success.
  const half = await kadapter(["sweep", file, "--table-only"]);
  expect(half.code).toBe(1);
  expect(half.stdout).toMatch(/failed: it is not finished.* seed=2 \|/);
  expect(outcomes(await json(["sweep", file, "--part", "1/2"])).map(({ name }) => name)).toEqual(["seed=2"]);
  const whole = await json(["sweep", file, "--table-only"]);
  const again = await json(["sweep", file]);
  expect(whole).toEqual(again);
  expect(whole["failed"]).toBe(0);
  const both = await kadapter(["sweep", file, "--table-only", "--part", "0/2"]);
  expect(expectComplaint(both)).toMatch(/--part is given, too/);
});

test("--dry-run names the runs and runs none", async () => {
  const file = await sweepFile("dry", ["run: finetune open-qa", "grid:", "  fusion: [add, concat]", "seeds: [7]"]);
  const said = await json(["sweep", file, "--dry-run"]);
  const names = (said["runs"] as { name: string }[]).map(({ name }) => name);
  expect(names).toEqual(["fusion=add,seed=7", "fusion=concat,seed=7"]);
  // A row's name becomes a folder's, which is no other folder.
  const rows = ["run: pretrain factual", "rows:", "  - name: ..", "  - name: ../x/y"];
  const parted = await json(["sweep", await sweepFile("dry", rows, []), "--dry-run"]);
  expect((parted["runs"] as { name: string }[]).map(({ name }) => name)).toEqual(["-", "--x-y"]);
  expect(await filesBelow(world.at("dry"))).toEqual([]);
});
