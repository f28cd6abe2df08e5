import { describe, expect, it } from "vitest";
import { warmupLinear, warmupSteps } from "./schedule.js";

describe("warmupSteps", () => {
  it("takes steps or a share", () => {
    expect(warmupSteps(500, 10)).toBe(500);
    expect(warmupSteps("10%", 1001)).toBe(101);
    expect(warmupSteps("0%", 1000)).toBe(0);
  });
});

describe("warmupLinear", () => {
  it("rises to 1 at the end of the warm-up and falls to 0 at the last update", () => {
    const factors = Array.from({ length: 10 }, (_, i) => warmupLinear(i + 1, 4, 10));
    expect(factors).toEqual([1 / 4, 2 / 4, 3 / 4, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0]);
  });

  it("starts at once without warm-up", () => {
    expect(warmupLinear(1, 0, 4)).toBe(3 / 4);
  });
});
