/** The experiments on what adapters bring, each whole on a tiny model: tables, stopped runs, failures and refusals. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inProbedFifth, SubjectIndex } from "../src/data/lama-filters.js";
import { demoExamples } from "../src/demo/examples.js";
import { writeDownstreamData } from "./downstream-data.js";
import { expectComplaint, json, kadapter, kadapterProcess, makeWorld, type World } from "./support.js";
import { writeTrees } from "./tree-data.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const changedAt = async (path: string) => (await stat(path)).mtimeMs;

/** Shape and size of a training of a second. */
const tiny = () => [
  ...["--layers", "0,1,3", "--adapter-size", 32, "--adapter-heads", 4, "--transformer-layers", 1, "--max-length", 64],
  ...["--batch-size", 16, "--threads", 2, "--seeds", "1,2"],
];

describe("experiment linguistic", () => {
  const options = async (out: string, ...more: (string | number)[]) => [
    ...["experiment", "linguistic", "--backbone", world.backbone, "--train", await writeTrees(world.at("t"), 0, 40)],
    ...["--dev", await writeTrees(world.at("d"), 40, 12), "--test", await writeTrees(world.at("e"), 52, 12)],
    ...["--out", world.at(out), ...tiny(), "--arc-size", 16, "--epochs", 2, "--rows", "last,copies,adapter", ...more],
  ];

  test("stopped and continued, it gives the table of one that was not", async () => {
    let sent = false;
    const stopped = await kadapterProcess(await options("stopped"), {
      onStderr: (soFar, child) => {
        // Once: a second signal would kill it.
        if (!sent && soFar.includes("copies.seed-1: trained")) sent = child.kill("SIGINT");
      },
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/interrupted: what is finished is kept: continue with the same command\n$/);
    const first = world.at("stopped", "last-1", "adapter_config.json");
    const before = await changedAt(first);
    const { cells, ...rest } = await json(await options("stopped"));
    expect(await changedAt(first)).toBe(before);
    expect((await json(await options("whole")))["cells"]).toEqual(cells);
    expect(rest["options"]).toMatchObject({ rows: ["last", "copies", "adapter"], seeds: [1, 2] });

    const page = (await readFile(world.at("stopped", "linguistic.md"), "utf8")).trim().split("\n");
    expect(page[0]).toBe("| features | UAS dev | UAS test | without punctuation | seeds |");
    expect(page.slice(2).map((line) => line.replaceAll(/\d+\.\d/g, "N"))).toEqual([
      "| h[L] alone | N ± N | N ± N | N ± N | 2 |",
      "| copies of the model's layers, untrained | N ± N | N ± N | N ± N | 2 |",
      "| trained adapter | N ± N | N ± N | N ± N | 2 |",
    ]);
    // What the table says is what `eval` says.
    const alone = ["eval", "--adapter", world.at("stopped", "adapter-2"), "--data", world.at("e"), "--threads", 2];
    const all = cells as { row: string; seed: number; test: object }[];
    const own = all.find(({ row, seed }) => row === "adapter" && seed === 2);
    expect(await json(alone)).toMatchObject(own?.test ?? {});
  });

  test("refuses rows that there are not, copies that do not fit, and results of other settings", async () => {
    const refused = async (...more: (string | number)[]) =>
      expectComplaint(await kadapter(await options("stopped", ...more)));
    expect(await refused("--rows", "best")).toMatch(/--rows: .*expected some of last,random,copies,adapter/);
    const other = await kadapter(await options("stopped", "--epochs", 3));
    expect(other.stderr).toMatch(/error: .*last\.seed-1\.pretrained\.json: the result was made with other/);
    const odd = await kadapter(await options("odd", "--adapter-size", 16, "--rows", "copies"));
    expect(odd).toMatchObject({ code: 2, stderr: expect.stringMatching(/error: .*no counterpart of its shape/) });
  });
});

test("experiment precision compares with float32, example by example", async () => {
  const options = [
    ...["experiment", "precision", "--backbone", world.backbone, "--train", world.train, "--dev", world.dev],
    ...["--out", world.at("precision"), ...tiny(), "--epochs", 1, "--seeds", 1],
  ];
  // The report on int8 speaks of relative errors, which `json` would take for one.
  const run = async () => JSON.parse((await kadapter([...options, "--json"])).stdout) as Record<string, unknown>;
  const result = await run();
  const cells = result["cells"] as { precision: string; seed: number; right: boolean[] }[];
  const names = ["float32", "float16 states", "float16 states, int8 backbone"];
  expect(cells.map(({ precision }) => precision)).toEqual(names);
  const adapter = ["eval", "--adapter", world.at("precision", "float32.seed-1"), "--data", world.dev, "--threads", 2];
  const rates = cells[0]?.right.map(Number) ?? [];
  expect((await json(adapter))["accuracy"]).toBeCloseTo(rates.reduce((a, b) => a + b, 0) / rates.length, 12);
  const page = await readFile(world.at("precision", "precision.md"), "utf8");
  expect(page).toMatch(new RegExp(`^${rates.length} examples of .*dev\\.jsonl, seeds 1; differences in points`));
  expect(page).toMatch(/^\| float32 \| \d+\.\d\d \| {2}\| {2}\|$/m);
  expect(page).toMatch(/^\| float16 states \| \d+\.\d\d \| [+−]\d+\.\d\d \| [+−]\S+ … [+−]\S+ \|$/m);
  expect(await run()).toEqual(result);
});

test("experiment lama trains adapters that have read nothing of whom they are asked about", async () => {
  const lama = world.at("lama");
  await mkdir(world.at("lama", "TREx"), { recursive: true });
  const facts = demoExamples("train").map(({ text, subject, object }) => ({
    sub_label: text.slice(subject.start, subject.end),
    obj_label: text.slice(object.start, object.end),
  }));
  const asked = facts.filter(({ obj_label }) => /^[A-Z][a-z]+$/.test(obj_label)).slice(0, 60);
  await writeFile(world.at("lama", "TREx", "P1.jsonl"), asked.map((one) => JSON.stringify(one)).join("\n"));
  const template = { relation: "P1", template: "[X] goes with [Y] ." };
  await writeFile(world.at("lama", "relations.jsonl"), JSON.stringify(template));
  const answers = [...new Set(asked.map((one) => one.obj_label))];
  await writeFile(world.at("lama", "common_vocab_cased.txt"), answers.join("\n"));
  const text = world.at("text.txt");
  const sentences = demoExamples("train").map((example) => example.text);
  await writeFile(text, sentences.slice(0, 100).join("\n"));
  const options = (...more: (string | number)[]) => [
    ...["experiment", "lama", "--backbone", world.backbone, "--lama", lama, "--relations", world.train],
    ...["--relations-dev", world.train, "--text", text, "--text-dev", text, "--out", world.at("asked"), ...tiny()],
    ...["--sentences", 60, "--texts", 20, "--head-epochs", 1, "--epochs", 1, "--seen", 1, ...more],
  ];
  const result = await json(options());
  // No sentence that `facts` learnt from names a probed subject; `seen` has read of some.
  const probed = asked.map(({ sub_label: subject }) => ({ subject })).filter(({ subject }) => inProbedFifth(subject));
  const subjects = new SubjectIndex(probed);
  const named = async (file: string) => {
    const lines = (await readFile(world.at("asked", "data", file), "utf8")).trim().split("\n");
    const texts = lines.map((line) => (JSON.parse(line) as { token: string[] }).token.join(" "));
    return texts.filter((one) => subjects.isNamedIn(one)).length;
  };
  expect(probed.length).toBeGreaterThan(0);
  expect(await named("facts.jsonl")).toBe(0);
  expect(await named("seen.jsonl")).toBeGreaterThan(0);
  const heads = result["heads"] as { seed: number; sets: Record<string, { perplexity: number }> }[];
  expect(heads.map(({ seed, sets }) => [seed, Object.keys(sets)])).toEqual([
    [1, ["none", "random-1", "facts-1", "seen-1"]],
    [2, ["none", "random-2", "facts-2"]],
  ]);
  const page = await readFile(world.at("asked", "lama.md"), "utf8");
  expect(page).toMatch(/^Heads: \d+ texts, tested on \d+$/m);
  expect(page).toMatch(/^trex, fifth-typed: \d+ of \d+ facts asked \(/m);
  expect(page).toMatch(/^\| seen \| \d+\.\d \| \d+\.\d \| \d+\.\d \| \d\.\d{3} \| 1 \|$/m);
  expect(await json(options())).toEqual(result);
  expect((await kadapter(options("--sentences", 50))).stderr).toMatch(/error: .*data\..*made with other settings/);
  await rm(world.at("lama", "common_vocab_cased.txt"));
  expect(expectComplaint(await kadapter(options()))).toMatch(/common_vocab_cased\.txt.*no such file/);
});

describe("experiment downstream", () => {
  const options = async (...more: (string | number)[]) => {
    const { semeval, openentity } = await writeDownstreamData(world.at("tasks"));
    const trees = [await writeTrees(world.at("t"), 0, 24), await writeTrees(world.at("d"), 24, 8)] as const;
    return [
      ...["experiment", "downstream", "--backbone", world.backbone, "--out", world.at("downstream"), ...tiny()],
      ...["--tasks", `sem:relations=${semeval.train},${semeval.dev},${semeval.test}`],
      ...[`types:entity-typing=${openentity.train},${openentity.test}`, "--trained-tasks", "types"],
      ...["--facts", world.train, "--facts-dev", world.train, "--trees", trees[0], "--trees-dev", trees[1]],
      ...["--rows", "none,taps,random,F+L", "--trained-rows", "none,multitask", "--max-steps", 2, "--arc-size", 16],
      ...["--head-epochs", 1, "--task-max-length", 64, ...more],
    ];
  };
  interface Outcome {
    readonly name: string;
    readonly scores: Record<string, number> | null;
  }
  const outcomes = (result: Record<string, unknown>) =>
    (result["tables"] as { outcomes: Outcome[] }[]).flatMap((table) => table.outcomes);

  test("makes a table of each task; a row that failed says so, and is tried again", async () => {
    const result = await json(await options());
    expect(result["failed"]).toBe(0);
    expect(outcomes(result)).toHaveLength(2 * 4 * 2 + 2 * 2);
    const page = await readFile(world.at("downstream", "downstream.md"), "utf8");
    expect(page).toMatch(/^## sem\n\n\| row \| test\.officialMacroF1 \| test\.accuracy \| runs \|$/m);
    expect(page).toMatch(/^## types-trained\n\n\| row \| test\.microF1 \| test\.macroF1 \| runs \|$/m);
    expect(page).toMatch(/^\| F\+L \| 0\.\d{4} ± 0\.\d{4} \| 0\.\d{4} ± 0\.\d{4} \| 2 \|$/m);
    expect(await json(await options())).toEqual(result);

    // An adapter that cannot be read: its rows say so, the others are there, and it goes on once that is mended.
    const adapter = world.at("downstream", "adapters", "F-2", "adapter_model.safetensors");
    const good = await readFile(adapter);
    await writeFile(adapter, "broken");
    const failing = await kadapter([...(await options()), "--json"]);
    expect(failing.code).toBe(1);
    const failed = outcomes(JSON.parse(failing.stdout) as Record<string, unknown>);
    const names = failed.filter(({ scores }) => scores === null).map(({ name }) => name);
    expect(names).toEqual(["sem.F+L.seed-2", "types.F+L.seed-2"]);
    const broken = await readFile(world.at("downstream", "downstream.md"), "utf8");
    expect(broken).toMatch(/^\| F\+L \| failed: .*F-2.* \| {2}\| sem\.F\+L\.seed-2 \|$/m);
    await writeFile(adapter, good);
    expect(await json(await options())).toEqual(result);
    expect(await readdir(world.at("downstream", "tasks"))).toHaveLength(outcomes(result).length);
  });

  test("refuses what cannot be before anything is trained", async () => {
    const refused = async (...more: (string | number)[]) =>
      expectComplaint(await kadapter([...(await options("--out", world.at("no"))), ...more]));
    expect(await refused("--rows", "none,G")).toMatch(/--rows: .*expected some of none, taps, multitask, random/);
    expect(await refused("--trained-tasks", "other")).toMatch(/--trained-tasks: there is no task other/);
    expect(await refused("--tasks", "sem:relations=a.json")).toMatch(/--tasks: .*expected NAME:KIND=TRAIN,DEV,TEST/);
    expect(await refused("--task-max-length", 4000)).toMatch(/4000 tokens are more than the backbone has positions/);
    const all = await options("--out", world.at("no"));
    const at = all.indexOf("--trees");
    const without = [...all.slice(0, at), ...all.slice(at + 2)];
    expect(expectComplaint(await kadapter(without))).toMatch(/--trees is missing, and the row F\+L learns from it/);
  });
});

test("data sample draws parts that share no subject, and refuses to replace a file", async () => {
  const sample = (out: string, ...more: (string | number)[]) => [
    ...["data", "sample", "--data", world.train, world.dev, "--out", world.at(out), ...more],
  ];
  const part = await json(sample("part.jsonl", "--part", "dev", "--shares", "70,30"));
  const other = await json(sample("rest.jsonl", "--part", "train", "--shares", "70,30"));
  expect(Number(part["chosen"]) + Number(other["chosen"])).toBe(Number((await json(sample("all.jsonl")))["chosen"]));
  const nothing = await kadapter(sample("few.jsonl", "--limit", 5, "--without", world.dev));
  expect(expectComplaint(nothing)).toMatch(/no example is left to draw \(\{"relations":\d+,"sentences":0\} left out\)/);
  expect(expectComplaint(await kadapter(sample("part.jsonl")))).toMatch(/part\.jsonl: it is there already/);
  expect(expectComplaint(await kadapter(sample("x.jsonl", "--shares", "a,b")))).toMatch(/--shares: .*80,10,10/);
});
