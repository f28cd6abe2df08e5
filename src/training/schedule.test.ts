import { describe, expect, it } from "vitest";
import { warmupStableDecay, warmupSteps } from "./schedule.js";

describe("warmupSteps", () => {
  it("takes steps or a share", () => {
    expect(warmupSteps(500, 10)).toBe(500);
    expect(warmupSteps("10%", 1001)).toBe(101);
    expect(warmupSteps("0%", 1000)).toBe(0);
  });
});

describe("warmupStableDecay", () => {
  const factors = (warmup: number, decay: number, total: number) =>
    Array.from({ length: total }, (_, i) => warmupStableDecay(i + 1, warmup, decay, total));

  it("rises to 1 at the end of the warm-up and falls to 0 at the last update", () => {
    expect(factors(4, 10, 10)).toEqual([1 / 4, 2 / 4, 3 / 4, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0]);
  });

  it("starts at once without warm-up", () => {
    expect(warmupStableDecay(1, 0, 4, 4)).toBe(3 / 4);
  });

  it("stays at 1 until the decay begins, whatever the total", () => {
    expect(factors(2, 4, 10)).toEqual([1 / 2, 1, 1, 1, 1, 1, 3 / 4, 2 / 4, 1 / 4, 0]);
    expect(factors(2, 4, 100).slice(0, 96)).toEqual([1 / 2, ...Array(95).fill(1)]);
  });

  it("decays no sooner than the warm-up ends, and never falls below 0", () => {
    expect(factors(3, 9, 4)).toEqual([1 / 3, 2 / 3, 1, 0]);
    expect(warmupStableDecay(12, 12, 10, 10)).toBe(0);
  });
});
