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

  test.each([
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
