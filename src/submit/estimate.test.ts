import { describe, expect, it } from "vitest";
import { estimate, lastWorthwhile, type Rates, stepRates, stepSeconds, type Workload } from "./estimate.js";

const rates: Rates = { features: 100, sentence: 0.01, update: 0.1, parameters: 50_000_000 };
const work: Workload = { sentences: 1_000_000, epochs: 2, batchSize: 128, bandwidth: 8, price: 3 };

describe("estimate", () => {
  it("adds up what one machine does", () => {
    const { features, training, speedUp, cost } = estimate(rates, work, 1);
    expect(features).toBeCloseTo(10_000 / 3600, 10);
    expect(training).toBeCloseTo((2 * 7813 * 1.38) / 3600, 10);
    expect(speedUp).toBe(1);
    expect(cost).toBeCloseTo(3 * (features + training), 10);
  });

  it("sends 2 (n - 1) / n of the gradients", () => {
    // 200 MB at 1 GB/s.
    expect(stepSeconds(rates, work, 2)).toBeCloseTo(0.64 + 0.1 + 0.2, 10);
    expect(stepSeconds(rates, work, 4)).toBeCloseTo(0.32 + 0.1 + 0.3, 10);
    expect(estimate(rates, work, 4).features).toBeCloseTo(10_000 / 3600 / 4, 10);
  });

  it("says where more machines are not worth it", () => {
    // 1.38 → 0.94 saves a third, 0.94 → 0.72 less than a quarter.
    expect(lastWorthwhile(rates, work)).toBe(2);
    // 40.96 / n + 0.1: half of the first is more than a quarter of both up to n = 409.
    expect(lastWorthwhile(rates, { ...work, bandwidth: 1e6, batchSize: 4096 })).toBe(512);
    expect(lastWorthwhile(rates, { ...work, batchSize: 1 })).toBe(1);
    expect(lastWorthwhile({ ...rates, parameters: 0, update: 0 }, work, 64)).toBe(64);
  });
});

describe("stepRates", () => {
  it("parts what grows with the batch from what does not", () => {
    const { sentence, update } = stepRates({ batchSize: 16, seconds: 0.26 }, { batchSize: 32, seconds: 0.42 });
    expect([sentence, update]).toEqual([expect.closeTo(0.01, 10), expect.closeTo(0.1, 10)]);
  });

  it("takes noise for no speed", () => {
    expect(stepRates({ batchSize: 16, seconds: 0.5 }, { batchSize: 32, seconds: 0.4 })).toEqual({
      sentence: 0.0125,
      update: 0,
    });
    expect(stepRates({ batchSize: 16, seconds: 0.1 }, { batchSize: 32, seconds: 0.4 })).toEqual({
      sentence: 0.0125,
      update: 0,
    });
  });
});
