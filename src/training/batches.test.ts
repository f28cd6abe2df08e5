import { describe, expect, it } from "vitest";
import { epochBatches, paddedWidth, sortedBatches } from "./batches.js";

const lengths = Array.from({ length: 1003 }, (_, i) => 5 + ((i * 7919) % 60));

describe("epochBatches", () => {
  it("holds every example once", () => {
    expect(
      epochBatches(lengths, 32, 1, 0)
        .flat()
        .sort((a, b) => a - b),
    ).toEqual([...lengths.keys()]);
  });

  it("follows from seed and epoch", () => {
    expect(epochBatches(lengths, 32, 1, 0)).toEqual(epochBatches(lengths, 32, 1, 0));
    expect(epochBatches(lengths, 32, 1, 0)).not.toEqual(epochBatches(lengths, 32, 1, 1));
    expect(epochBatches(lengths, 32, 1, 0)).not.toEqual(epochBatches(lengths, 32, 2, 0));
  });

  it("pads little", () => {
    const batches = epochBatches(lengths, 32, 1, 0);
    const padded = batches.reduce(
      (sum, batch) => sum + batch.length * Math.max(...batch.map((i) => lengths[i] as number)),
      0,
    );
    const real = lengths.reduce((sum, length) => sum + length, 0);
    expect(padded / real).toBeLessThan(1.06);
  });

  it("does not come in order of length", () => {
    const firsts = epochBatches(lengths, 32, 1, 0).map((batch) => lengths[batch[0] as number] as number);
    expect(firsts).not.toEqual(firsts.toSorted((a, b) => a - b));
  });
});

describe("sortedBatches", () => {
  it("holds every example once, shortest first", () => {
    const batches = sortedBatches(lengths, 50).flat();
    expect(batches.toSorted((a, b) => a - b)).toEqual([...lengths.keys()]);
    const sorted = batches.map((i) => lengths[i] as number);
    expect(sorted).toEqual(sorted.toSorted((a, b) => a - b));
  });
});

describe("paddedWidth", () => {
  it("rounds up to 8 within the limit", () => {
    expect(paddedWidth(17, 128)).toBe(24);
    expect(paddedWidth(24, 128)).toBe(24);
    expect(paddedWidth(123, 126)).toBe(126);
  });
});
