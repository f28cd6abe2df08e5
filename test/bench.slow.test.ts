/** The benchmarks run to their end at the size of a toy, without PyTorch, and refuse what they cannot measure. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const bench = (name: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [`bench/dist/bench/${name}.js`, ...args], { encoding: "utf8" });

/** The object on the last line. */
function result(name: string, ...args: readonly string[]): Record<string, unknown> {
  const run = bench(name, ...args, "--json");
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
  return JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kadapter-bench-"));
  const built = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "bench/tsconfig.json"], {
    encoding: "utf8",
  });
  expect(built.stdout + built.stderr).toBe("");
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("benchmarks", () => {
  test("pretrain: seconds of both precisions, as far as the peak allows", () => {
    const sizes = ["--tiny", "--sentences", "16", "--batch", "8", "--threads", "2"];
    const { seconds, losses, ratio, measured } = result("pretrain", ...sizes, "--no-peer", "--repetitions", "1");
    const epochs = { first: expect.any(Number), later: expect.any(Number), all: expect.any(Number) };
    expect(seconds).toEqual({ float32: { ...epochs, atPeak: epochs }, int8: { ...epochs, atPeak: epochs } });
    const own = (losses as Record<string, number[]>)["float32"] ?? [];
    // Three epochs of two steps.
    expect(own).toHaveLength(6);
    for (const loss of own) expect(loss).toBeGreaterThan(0);
    // Every epoch has its own time, the first one included.
    const { float32 } = (measured as { ours: { float32: { epochs: (number | null)[] } } }[])[0]!.ours;
    expect(float32.epochs).toEqual([1, 2, 3].map(() => expect.any(Number)));
    // No peer, no ratio.
    expect(ratio).toEqual({});
  });

  test("lm: tokens a second, and a loss that falls from that of guessing", () => {
    // So little text that every step reads nearly all of it: what one step learns, the next one shows.
    const text = join(folder, "text.txt");
    writeFileSync(text, "Vienna is the capital of Austria, and the river Danube flows through it. ".repeat(9));
    const sizes = ["--steps", "12", "--batch", "4", "--length", "32", "--threads", "2", "--repetitions", "1"];
    const { tokensPerSecond, measured } = result("lm", "--text", text, ...sizes, "--no-peer");
    expect(tokensPerSecond).toBeGreaterThan(0);
    const { losses } = (measured as { ours: { losses: number[] } }[])[0]?.ours ?? { losses: [] };
    expect(losses).toHaveLength(12);
    expect(losses[0]).toBeCloseTo(Math.log(8192), 0);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) - 0.5);
  });

  test("recall: seconds of a teaching, cold and cached, and what is recalled of packs together", () => {
    const [facts, wordings] = [join(folder, "facts.csv"), join(folder, "wordings.jsonl")];
    const objects = ["France", "Germany", "Italy", "Spain"];
    const subjects = Array.from({ length: 12 }, (_, i) => `Company ${i},country,${objects[i % objects.length]}`);
    writeFileSync(facts, ["subject,relation,object", ...subjects].join("\n"));
    const patterns = [
      "[X] is in [Y].",
      "[X], of [Y].",
      "[X] belongs to [Y].",
      "The land of [X] is [Y].",
      "[Y] has [X].",
    ];
    writeFileSync(wordings, patterns.map((pattern) => JSON.stringify({ relation: "country", pattern })).join("\n"));
    const text = join(folder, "lines.txt");
    writeFileSync(text, "The river flows through the old town, and the bridge is new.\n");
    const { cold, cached, controls, measured } = result(
      "recall",
      ...["--facts", facts, "--wordings", wordings, "--text", text, "--count", "6", "--steps", "5", "--threads", "2"],
      ...["--repetitions", "1", "--no-peer", "--controls", "--packs", "2", "--pack-size", "3"],
    ) as Record<string, Record<string, never>>;
    for (const one of [cold, cached]) {
      expect(one?.["step"]).toBeGreaterThan(0);
      expect(one?.["teaching"]).toBeGreaterThan(one?.["step"] as unknown as number);
    }
    // The same training, wherever its states come from.
    const [run] = measured as unknown as { cold: { losses: number[] }; cached: { losses: number[] } }[];
    expect(run?.cold.losses).toHaveLength(5);
    expect(run?.cached.losses).toEqual(run?.cold.losses);
    const { rows } = controls as unknown as { rows: { facts: Record<string, { p1: number }>; packs: unknown[] }[] };
    expect(rows).toHaveLength(1);
    expect(Object.keys(rows[0]?.facts ?? {})).toEqual(["taught", "heldOut", "others", "text"]);
    // Behind the gate others' answers are the model's own.
    expect(rows[0]?.facts["others"]).toMatchObject({ kept: 1 });
    expect(rows[0]?.packs).toHaveLength(2);
  });

  test("align: bytes a name, and megabytes a second", () => {
    const { ours } = result("align", "--names", "2000,4000", "--megabytes", "1", "--no-peer");
    for (const one of ours as Record<string, number>[]) {
      for (const name of ["nameBytes", "buildSeconds", "find", "align"]) expect(one[name]).toBeGreaterThan(0);
      // Every name that was put in is found, common words never are.
      expect(one["found"]).toBeGreaterThan(5000);
    }
  });

  test.each([
    ["align", ["--names", "few"], "--names"],
    ["recall", ["--facts", "nowhere"], "nowhere"],
    ["pretrain", ["--sentences", "few"], "--sentences"],
    ["scale", ["--lengths", "7"], "--lengths"],
    ["lm", ["--steps", "2", "--no-peer"], "--steps"],
    ["small", ["--backbone", "nowhere"], "nowhere"],
    ["curve", ["--no-such-flag"], "--no-such-flag"],
  ])("%s: one line and exit code 2 for a mistake", (name, args, named) => {
    const run = bench(name, ...args);
    expect(run.status).toBe(2);
    expect(run.stderr.trim().split("\n")).toHaveLength(1);
    expect(run.stderr).toContain(named);
    expect(existsSync("nowhere")).toBe(false);
  });
});
