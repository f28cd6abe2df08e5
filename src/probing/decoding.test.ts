import fc from "fast-check";
import { expect, it } from "vitest";
import { hash32 } from "../random.js";
import type { Cloze } from "./answers.js";
import type { ClozeModel } from "./cloze-model.js";
import { decodeAnswers } from "./decoding.js";

const mask = 0;
const words = [1, 2, 3, 4];
const specials = { cls: undefined, sep: 5, pad: undefined, mask, unk: undefined };

/** What a model of six tokens says at a position: anything, but always the same, and another thing for each set. */
function logitsOf(seed: number, set: number, { inputIds, position }: Cloze): Float32Array {
  return Float32Array.from({ length: 6 }, (_, id) => (hash32(seed, set, ...inputIds, -1, position, id) % 4096) / 512);
}

const names = ["none", "mine"];
const modelOf = (seed: number, causal = false): ClozeModel => {
  const ask = async (
    clozes: readonly Cloze[],
    _: number,
    use: (set: number, text: number, logits: Float32Array) => void,
  ) => {
    for (const set of names.keys()) {
      for (const [text, cloze] of clozes.entries()) use(set, text, logitsOf(seed, set, cloze));
    }
  };
  // Decoding asks for no more than this.
  return { names, tokenizer: { specials }, ask, causal } as unknown as ClozeModel;
};

/** All answers by the definition: the easiest mask first, each word in its place. */
function allAnswers(seed: number, set: number, inputIds: readonly number[], score = 0): Map<string, number> {
  const hidden = [...inputIds.keys()].filter((i) => inputIds[i] === mask);
  if (hidden.length === 0) return new Map([[inputIds.join(), score]]);
  const said = hidden.map((position) => {
    const logits = logitsOf(seed, set, { inputIds, position });
    const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
    return { position, scores: words.map((id) => (logits[id] as number) - total) };
  });
  const easiest = said.reduce((best, one) => (Math.max(...one.scores) > Math.max(...best.scores) ? one : best));
  const found = new Map<string, number>();
  words.forEach((id, i) => {
    const filled = inputIds.with(easiest.position, id);
    for (const [key, total] of allAnswers(seed, set, filled, score + (easiest.scores[i] as number))) {
      found.set(key, Math.max(total, found.get(key) ?? Number.NEGATIVE_INFINITY));
    }
  });
  return found;
}

const text = (masks: number) => ({
  inputIds: [7, ...new Array<number>(masks).fill(mask), 8],
  holes: [Array.from({ length: masks }, (_, i) => i + 1)],
});

it("finds the likeliest answers of each set, where the beam holds all", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 3 }), async (seed, masks) => {
      const texts = [text(masks), text(1)];
      const found = await decodeAnswers(modelOf(seed), texts, { beam: 64, batchSize: 2 });
      for (const set of names.keys()) {
        texts.forEach(({ inputIds }, i) => {
          const expected = [...allAnswers(seed, set, inputIds)].sort(([, a], [, b]) => b - a);
          const own = found[set]?.[i] ?? [];
          expect(own).toHaveLength(expected.length);
          const scores = new Map(own.map(({ ids, score }) => [[7, ...ids, 8].join(), score]));
          for (const [key, score] of expected) expect(scores.get(key)).toBeCloseTo(score, 4);
          expect(own[0]?.score).toBeCloseTo(expected[0]?.[1] ?? 0, 4);
        });
      }
    }),
    { numRuns: 30 },
  );
});

it("keeps no more than the beam, the likeliest first, and no answer twice", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 5 }), async (seed, beam) => {
      const [[own = []] = []] = await decodeAnswers(modelOf(seed), [text(4)], { beam, batchSize: 3 });
      expect(own).toHaveLength(beam);
      expect(new Set(own.map(({ ids }) => ids.join())).size).toBe(beam);
      const scores = own.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      for (const { ids } of own) expect(ids.every((id) => words.includes(id))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

/** All answers of a causal model by the chain rule. */
function allNext(seed: number, set: number, inputIds: readonly number[], left: number, score = 0): Map<string, number> {
  if (left === 0) return new Map([[inputIds.join(), score]]);
  const logits = logitsOf(seed, set, { inputIds, position: inputIds.length - 1 });
  const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0));
  return new Map(
    words.flatMap((id) => [...allNext(seed, set, [...inputIds, id], left - 1, score + (logits[id] as number) - total)]),
  );
}

it("asks a causal model for one token after another, and for none of what is still to come", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 3 }), async (seed, count) => {
      const prompt = [7, 8];
      const holes = [Array.from({ length: count }, (_, i) => 1 + i)];
      const found = await decodeAnswers(modelOf(seed, true), [{ inputIds: prompt, holes }], { beam: 64, batchSize: 2 });
      found.forEach(([own = []], set) => {
        const all = allNext(seed, set, prompt, count);
        expect(own).toHaveLength(all.size);
        for (const { ids, score } of own) expect(score).toBeCloseTo(all.get([...prompt, ...ids].join()) ?? 0, 5);
        const scores = own.map(({ score }) => score);
        expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      });
    }),
    { numRuns: 20 },
  );
});
