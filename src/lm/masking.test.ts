import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../random.js";
import { maskings } from "../settings/choices.js";
import { type MaskingOptions, maskTokens } from "./masking.js";

const options = (masking: MaskingOptions["masking"]): MaskingOptions => ({
  masking,
  rate: 0.15,
  maskToken: 3,
  vocabSize: 1000,
  specials: new Set([0, 1, 2, 3]),
});

/** Ids with words of two tokens, and a special one in the middle. */
const block = (length: number) => ({
  ids: Int32Array.from({ length }, (_, i) => (i === 7 ? 2 : 10 + (i % 900))),
  words: Int32Array.from({ length }, (_, i) => i - (i % 2)),
});

describe.each(maskings)("maskTokens by %s", (masking) => {
  it("predicts 15 % (one at least), and changes nothing else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (length, seed) => {
        const given = block(length);
        const { ids, positions, targets } = maskTokens(given, options(masking), new RandomStream(seed));
        const all = length > 7 ? length - 1 : length;
        const wanted = Math.max(1, Math.round(0.15 * all));
        expect(Math.abs(positions.length - wanted)).toBeLessThanOrEqual(masking === "token" ? 0 : 1);
        expect(targets).toEqual(positions.map((at) => given.ids[at]));
        expect(positions).not.toContain(7);
        ids.forEach((id, i) => {
          if (!positions.includes(i)) expect(id).toBe(given.ids[i]);
        });
      }),
    );
  });

  it("draws the same for the same keys, and another for others", () => {
    const draw = (...keys: number[]) => maskTokens(block(100), options(masking), new RandomStream("mask", ...keys));
    expect(draw(1, 2)).toEqual(draw(1, 2));
    expect(draw(1, 2)).not.toEqual(draw(1, 3));
    expect(draw(1, 2)).not.toEqual(draw(2, 2));
  });
});

it("whole words are hidden as a whole", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { positions } = maskTokens(block(7), { ...options("whole-word"), rate: 0.5 }, new RandomStream(seed));
    for (const at of positions) {
      const other = at % 2 === 0 ? at + 1 : at - 1;
      if (other < 6) expect(positions).toContain(other);
    }
  }
});

it("80 % become the mask, 10 % another token, 10 % stay", () => {
  const given = block(100_000);
  const { ids, positions } = maskTokens(given, options("token"), new RandomStream(5));
  const share = (test: (id: number, at: number) => boolean) =>
    positions.filter((at) => test(ids[at] as number, at)).length / positions.length;
  expect(share((id) => id === 3)).toBeCloseTo(0.8, 1);
  expect(share((id, at) => id === given.ids[at])).toBeCloseTo(0.1, 1);
  expect(share((id) => id < 3)).toBe(0);
});

it("nothing can be hidden in a text of special tokens", () => {
  const ids = Int32Array.of(1, 2);
  const masked = maskTokens({ ids, words: Int32Array.of(0, 1) }, options("token"), new RandomStream(1));
  expect(masked).toEqual({ ids, positions: [], targets: [] });
});
