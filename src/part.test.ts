import fc from "fast-check";
import { expect, it } from "vitest";
import { isOwn, partName, runOf } from "./part.js";

const counts = { items: fc.integer({ min: 0, max: 300 }), count: fc.integer({ min: 1, max: 40 }) };

it("gives every item to one part, however they are shared out", () => {
  fc.assert(
    fc.property(fc.record(counts), ({ items, count }) => {
      const all = Array.from({ length: items }, (_, i) => i);
      const parts = Array.from({ length: count }, (_, index) => ({ index, count }));
      const runs = parts.map((part) => runOf(items, part));
      expect(runs.flatMap(({ start, end }) => all.slice(start, end))).toEqual(all);
      const sizes = runs.map(({ start, end }) => end - start);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      const dealt = parts.flatMap((part) => all.filter((item) => isOwn(item, part)));
      expect(dealt.sort((a, b) => a - b)).toEqual(all);
    }),
  );
});

it("names parts in their order", () => {
  const names = [10, 9, 100].map((index) => partName({ index, count: 101 }));
  expect(names.toSorted()).toEqual(["00009-of-00101", "00010-of-00101", "00100-of-00101"]);
});
