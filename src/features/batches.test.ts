import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../random.js";
import { epochBatches, groupedBatches, inferenceBatches, sortedBatches, tokenBatches } from "./batches.js";

const lengths = Array.from({ length: 1003 }, (_, i) => 5 + ((i * 7919) % 60));

const longest = (batch: readonly number[]) => Math.max(...batch.map((i) => lengths[i] as number));

/** Computed tokens for each real one. */
const padding = (batches: Iterable<readonly number[]>) =>
  [...batches].reduce((sum, batch) => sum + batch.length * longest(batch), 0) /
  lengths.reduce((sum, length) => sum + length, 0);

/** What these batches were before they were typed arrays, by the same draws: the same bits follow from the same seed. */
const plainly = {
  epoch: (of: readonly number[], size: number, seed: number, epoch: number) => {
    const random = new RandomStream(seed, "batches", epoch);
    const order = random.shuffle([...of.keys()]);
    const batches: number[][] = [];
    for (let start = 0; start < order.length; start += 64 * size) {
      const pool = order.slice(start, start + 64 * size);
      pool.sort((a, b) => (of[a] as number) - (of[b] as number));
      for (let i = 0; i < pool.length; i += size) batches.push(pool.slice(i, i + size));
    }
    return random.shuffle(batches);
  },
  tokens: (of: readonly number[], budget: number, seed: number, epoch: number, texts: readonly number[]) => {
    const random = new RandomStream(seed, "batches", epoch);
    const [length, rows] = [(i: number) => of[i] as number, (i: number) => texts[i] as number];
    const order = random.shuffle([...of.keys()]).sort((a, b) => length(a) - length(b) || rows(a) - rows(b));
    const batches: number[][] = [];
    let filled = 0;
    for (const example of order) {
      filled += rows(example);
      if (batches.length > 0 && filled * length(example) <= budget) batches.at(-1)?.push(example);
      else {
        batches.push([example]);
        filled = rows(example);
      }
    }
    return random.shuffle(batches);
  },
};

describe("batches", () => {
  const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 6 })), { maxLength: 600 });

  it("are those of the same seed and epoch as ever", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 9 }), fc.nat(), fc.nat(5), (both, size, seed, epoch) => {
        const [of, texts] = [both.map(([length]) => length), both.map(([, count]) => count)];
        expect([...epochBatches(of, size, seed, epoch)]).toEqual(plainly.epoch(of, size, seed, epoch));
        const tokens = plainly.tokens(of, 40 * size, seed, epoch, texts);
        expect([...tokenBatches(of, 40 * size, seed, epoch, texts)]).toEqual(tokens);
      }),
      { numRuns: 50 },
    );
  });

  it("are given by their number, too", () => {
    const batches = epochBatches(lengths, 32, 1, 0);
    expect(Array.from({ length: batches.length }, (_, i) => batches.at(i))).toEqual([...batches]);
  });
});

describe("epochBatches", () => {
  it("holds every example once", () => {
    expect([...epochBatches(lengths, 32, 1, 0)].flat().sort((a, b) => a - b)).toEqual([...lengths.keys()]);
  });

  it("follows from seed and epoch", () => {
    const batches = (seed: number, epoch: number) => [...epochBatches(lengths, 32, seed, epoch)];
    expect(batches(1, 0)).toEqual(batches(1, 0));
    expect(batches(1, 0)).not.toEqual(batches(1, 1));
    expect(batches(1, 0)).not.toEqual(batches(2, 0));
  });

  it("pads little", () => {
    expect(padding(epochBatches(lengths, 32, 1, 0))).toBeLessThan(1.06);
  });

  it("does not come in order of length", () => {
    const firsts = [...epochBatches(lengths, 32, 1, 0)].map((batch) => lengths[batch[0] as number] as number);
    expect(firsts).not.toEqual(firsts.toSorted((a, b) => a - b));
  });
});

describe("sortedBatches", () => {
  it("holds every example once, shortest first", () => {
    const batches = [...sortedBatches(lengths, 50)].flat();
    expect(batches.toSorted((a, b) => a - b)).toEqual([...lengths.keys()]);
    const sorted = batches.map((i) => lengths[i] as number);
    expect(sorted).toEqual(sorted.toSorted((a, b) => a - b));
  });
});

describe("inferenceBatches", () => {
  it("holds every example once, and a long one alone", () => {
    expect([...inferenceBatches([5, 3000, 7, 6])]).toEqual([[0, 3, 2], [1]]);
  });

  it("pads hardly at all", () => {
    expect(padding(inferenceBatches(lengths))).toBeLessThan(1.05);
  });
});

describe("tokenBatches", () => {
  const batches = (seed: number, epoch: number, budget = 1024) => [...tokenBatches(lengths, budget, seed, epoch)];

  it("holds every example once, within the budget", () => {
    const all = batches(1, 0);
    expect(all.flat().toSorted((a, b) => a - b)).toEqual([...lengths.keys()]);
    for (const batch of all) expect(batch.length * longest(batch)).toBeLessThanOrEqual(1024);
  });

  it("follows from seed and epoch, and every epoch has as many batches", () => {
    expect(batches(1, 0)).toEqual(batches(1, 0));
    expect(batches(1, 0)).not.toEqual(batches(1, 1));
    expect(batches(1, 0)).not.toEqual(batches(2, 0));
    expect(new Set([0, 1, 2, 3].map((epoch) => batches(1, epoch).length)).size).toBe(1);
  });

  it("pads next to nothing, and few shapes occur", () => {
    const all = batches(1, 0);
    expect(padding(all)).toBeLessThan(1.05);
    expect(Math.max(...all.map(({ length }) => length))).toBeGreaterThan(
      2 * Math.min(...all.map(({ length }) => length)),
    );
  });

  it("gives an example beyond the budget a batch of its own", () => {
    expect([...tokenBatches([3, 50, 3], 10, 1, 0)].map((batch) => batch.toSorted()).sort()).toEqual([[0, 2], [1]]);
  });

  it("counts all texts of an example, and every epoch has as many batches", () => {
    const texts = lengths.map((_, i) => 1 + ((i * 31) % 5));
    const rows = (batch: readonly number[]) => batch.reduce((sum, i) => sum + (texts[i] as number), 0);
    const epochs = [0, 1, 2].map((epoch) => [...tokenBatches(lengths, 1024, 1, epoch, texts)]);
    for (const all of epochs) {
      expect(all.flat().toSorted((a, b) => a - b)).toEqual([...lengths.keys()]);
      for (const batch of all) expect(rows(batch) * longest(batch)).toBeLessThanOrEqual(1024);
    }
    expect(new Set(epochs.map(({ length }) => length)).size).toBe(1);
    expect((epochs[0] as number[][]).length).toBeGreaterThan(2 * batches(1, 0).length);
  });
});

describe("groupedBatches", () => {
  it("keeps groups apart, uses every example once, and follows from (seed, epoch)", () => {
    const groups = Array.from({ length: 100 }, (_, i) => (i % 7 === 0 ? 1 : 0));
    const lengths = groups.map((_, i) => 5 + (i % 20));
    const batches = (epoch: number) => [
      ...groupedBatches(groups, 3, epoch, (members) =>
        epochBatches(
          members.map((i) => lengths[i] as number),
          8,
          3,
          epoch,
        ),
      ),
    ];
    const first = batches(0);
    for (const batch of first) expect(new Set(batch.map((i) => groups[i])).size).toBe(1);
    expect(first.flat().toSorted((a, b) => a - b)).toEqual(groups.map((_, i) => i));
    expect(batches(0)).toEqual(first);
    expect(batches(1)).not.toEqual(first);
    // Groups take turns instead of following one another.
    const order = first.map(([i]) => groups[i as number]);
    expect(order).not.toEqual(order.toSorted());
    expect(order).not.toEqual(order.toSorted().toReversed());
  });
});
