import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TrainEvent } from "../engine/events.js";
import { MetricsLog } from "./metrics-log.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kadapter-metrics-"));
  path = join(folder, "sub", "metrics.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const step = (number: number): TrainEvent => ({
  kind: "step",
  step: number,
  epoch: 1,
  loss: 1 / number,
  learningRate: 1e-4,
  gradNorm: 1,
  sentences: 32,
  seconds: 0.5,
});
const lines = () =>
  readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function write(steps: readonly number[], resumeAt?: number): Promise<void> {
  const log = await MetricsLog.open(path, { now: () => 5000, ...(resumeAt === undefined ? {} : { resumeAt }) });
  for (const number of steps) await log.append(step(number));
  await log.close();
}

describe("MetricsLog", () => {
  it("writes one line an event, and starts anew without a resume", async () => {
    await write([1, 2]);
    await write([1]);
    expect(lines()).toEqual([{ time: 5, ...step(1) }]);
  });

  it("drops what is after the step that a resume goes on from, and a line that a crash cut", async () => {
    await write([1, 2, 3, 4]);
    appendFileSync(path, '{"time":5,"kind":"step","st');
    await write([3, 4], 2);
    expect(lines().map((line) => line["step"])).toEqual([1, 2, 3, 4]);
  });

  it("resumes where there is no file", async () => {
    await write([8], 7);
    expect(lines()).toHaveLength(1);
  });

  it("refuses a file that is no metrics, naming the line, and leaves it as it is", async () => {
    await write([1]);
    appendFileSync(path, "broken\n");
    await expect(MetricsLog.open(path, { resumeAt: 9 })).rejects.toThrow(`${path}:2: not a training event`);
    expect(readFileSync(path, "utf8")).toMatch(/broken\n$/);
  });

  it("says which path cannot be written", async () => {
    writeFileSync(join(folder, "sub"), "a file");
    const below = join(folder, "sub", "deeper");
    await expect(MetricsLog.open(join(below, "metrics.jsonl"))).rejects.toThrow(`${below}: cannot make the folder`);
  });
});
