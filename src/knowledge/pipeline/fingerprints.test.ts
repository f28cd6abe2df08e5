import fc from "fast-check";
import { expect, it } from "vitest";
import { Fingerprints } from "./fingerprints.js";

const word = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffffffff }));

it("knows what was added, as a set does", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word)), (pairs) => {
      const [known, expected] = [new Fingerprints(), new Set<string>()];
      for (const pair of pairs) {
        expect(known.add(pair)).toBe(!expected.has(pair.join()));
        expected.add(pair.join());
      }
      expect(known.size).toBe(expected.size);
    }),
  );
});

it("grows, and keeps what it knew", () => {
  const known = new Fingerprints();
  const pair = (i: number) => [Math.imul(i, 0x9e3779b1) >>> 0, i] as const;
  for (let i = 0; i < 45_000; i++) known.add(pair(i));
  expect(known.size).toBe(45_000);
  for (let i = 0; i < 45_000; i += 97) expect(known.add(pair(i))).toBe(false);
  expect(known.add([1, 2])).toBe(true);
});
