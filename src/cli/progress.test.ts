import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { TrainEvent } from "../engine/events.js";
import { createProgress, duration } from "./progress.js";
import type { Terminal } from "./run.js";

/** A stream that keeps what is written, a terminal if asked. */
function recorder(isTTY: boolean): { stream: Terminal; text: () => string } {
  const stream: PassThrough & { isTTY?: boolean; columns?: number } = new PassThrough();
  stream.isTTY = isTTY;
  stream.columns = 120;
  let text = "";
  stream.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { stream, text: () => text };
}

const start: TrainEvent = {
  kind: "start",
  step: 0,
  totalSteps: 100,
  stepsPerEpoch: 50,
  examples: 1600,
  parameters: 4_700_000,
};
const step = (number: number): TrainEvent => ({
  kind: "step",
  step: number,
  epoch: number > 50 ? 2 : 1,
  loss: 100 / number,
  learningRate: 1e-4,
  gradNorm: 1,
  sentences: 32,
  seconds: 0.5,
});
const rest: TrainEvent[] = [
  { kind: "eval", step: 100, epoch: 2, metrics: { accuracy: 0.725, examples: 1382 }, best: true },
  { kind: "checkpoint", step: 100, path: "out/last" },
  { kind: "done", step: 100, reason: "completed", bestStep: 100 },
];

describe("createProgress without a terminal", () => {
  it("writes a line each interval, and one for everything that is no step", async () => {
    const { stream, text } = recorder(false);
    let now = 0;
    const progress = createProgress(stream, { now: () => now, interval: 10 });
    progress.handle(start);
    for (let i = 1; i <= 100; i++) {
      now += 1000;
      progress.handle(step(i));
    }
    for (const event of rest) progress.handle(event);
    progress.stop();
    await sleep(1);
    const lines = text().trimEnd().split("\n");
    expect(lines[0]).toBe("training 4,700,000 parameters on 1,600 sentences, 100 steps");
    expect(lines[1]).toBe("step 1/100, epoch 1, loss 100.0000, 64 sentences/s, 1m39s left");
    expect(lines).toHaveLength(1 + 11 + 3);
    expect(lines.slice(-4)).toEqual([
      expect.stringMatching(/^step 100\/100, epoch 2, .* 0s left$/),
      "step 100, epoch 2: accuracy 0.7250, examples 1382 (best)",
      "step 100: saved out/last",
      "done at step 100; best step 100",
    ]);
    expect(text()).not.toContain("\u001b");
  });

  it("says from where a resumed training goes on, and counts its time from there", async () => {
    const { stream, text } = recorder(false);
    let now = 0;
    const progress = createProgress(stream, { now: () => now });
    progress.handle({ ...start, step: 90 });
    now = 2000;
    progress.handle(step(92));
    await sleep(1);
    expect(text()).toMatch(/continued from step 90\n.* 8s left\n$/);
  });
});

describe("createProgress on a terminal", () => {
  it("draws a bar, keeps the lines, and gives the cursor back", async () => {
    const { stream, text } = recorder(true);
    const progress = createProgress(stream);
    progress.handle(start);
    progress.handle(step(50));
    await sleep(150);
    progress.note("a line");
    for (const event of rest) progress.handle(event);
    progress.stop();
    await sleep(1);
    expect(text()).toMatch(/50\/100 \| epoch 1 \| loss 2\.0000 \| 64 sentences\/s \| \d+s left/);
    for (const line of ["a line\n", "accuracy 0.7250", "saved out/last\n", "done at step 100"]) {
      expect(text()).toContain(line);
    }
    expect(text().lastIndexOf("\u001b[?25h")).toBeGreaterThan(text().lastIndexOf("\u001b[?25l"));
    const length = text().length;
    await sleep(150);
    expect(text()).toHaveLength(length);
  });
});

describe("duration", () => {
  it.each([
    [0.4, "0s"],
    [59.6, "1m00s"],
    [75, "1m15s"],
    [3725, "1h02m"],
    [Number.NaN, "–"],
  ])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));
});
