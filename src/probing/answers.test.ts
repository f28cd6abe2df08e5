import fc from "fast-check";
import { expect, it } from "vitest";
import { loadTokenizer } from "../text/tokenizer.js";
import { chainClozes, filledLength, logSumExp, maskedText, pseudoClozes, topIndices, withMasks } from "./answers.js";

const numbers = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 20 });

it("topIndices agrees with a stable sort", () => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 25 }), (scores, count) => {
      const sorted = [...scores.keys()].sort((a, b) => (scores[b] as number) - (scores[a] as number));
      expect(topIndices(scores, count)).toEqual(sorted.slice(0, count));
    }),
  );
});

it("logSumExp is the logarithm of the sum, and does not overflow", () => {
  fc.assert(
    fc.property(numbers, (values) => {
      const direct = Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
      expect(logSumExp(Float32Array.from(values))).toBeCloseTo(direct, 6);
    }),
  );
  expect(logSumExp(Float32Array.of(1000, 1000))).toBeCloseTo(1000 + Math.log(2), 3);
});

it("pseudoClozes hides one token of the answer at a time", () => {
  const mask = 9;
  const inputIds = [1, mask, 2];
  expect(pseudoClozes({ inputIds, position: 1 }, [5, 6])).toEqual([
    { inputIds: [1, mask, 6, 2], position: 1, gatedBy: { inputIds, position: 1 } },
    { inputIds: [1, 5, mask, 2], position: 2, gatedBy: { inputIds, position: 1 } },
  ]);
});

it("chainClozes asks each token of the answer after those before it", () => {
  const prompt = [1, 2];
  expect(chainClozes({ inputIds: prompt, position: 1 }, [5, 6, 7])).toEqual([
    { inputIds: [1, 2, 5, 6], position: 1, gatedBy: { inputIds: prompt, position: 1 } },
    { inputIds: [1, 2, 5, 6], position: 2, gatedBy: { inputIds: prompt, position: 1 } },
    { inputIds: [1, 2, 5, 6], position: 3, gatedBy: { inputIds: prompt, position: 1 } },
  ]);
});

it("reads a causal model's masks as tokens that come after the text", async () => {
  const reader = { tokenizer: await loadTokenizer("models/own"), causal: true };
  const two = maskedText("It is [MASK] [MASK].", reader);
  expect(reader.tokenizer.decode(two.inputIds, { skipSpecials: true }).trim()).toBe("It is");
  const last = two.inputIds.length - 1;
  expect(two.holes).toEqual([[last, last + 1]]);
  expect(filledLength(two)).toBe(last + 2);
  expect(withMasks({ inputIds: two.inputIds, position: last }, 2, true)).toEqual(two);
  expect(() => maskedText("[MASK] it is.", reader)).toThrow(/nothing stands before the mask/);
  expect(() => maskedText("It [MASK] so.", reader)).toThrow(/words stand after the mask/);
  expect(() => maskedText(`It is ${"[MASK] ".repeat(33)}`, reader)).toThrow(/33 masks/);
});
