import { describe, expect, it } from "vitest";
import { NgramBaseline } from "./ngram-baseline.js";

const block = (...ids: number[]) => ({ ids: Int32Array.from(ids), words: Int32Array.from(ids, (_, i) => i) });
const [vocabSize, separator] = [5, 0];
// 1 2, 1 2, 1 3 behind one another; 0 separates.
const model = new NgramBaseline([block(1, 2, 0, 1, 2), block(1, 3)], vocabSize, new Set([separator]));
const unigram = (word: number) => (({ 1: 3, 2: 2, 3: 1 })[word] ?? 0) + 1;

describe("NgramBaseline", () => {
  it("gives each word its smoothed frequency, which sum to 1", () => {
    for (const word of [1, 2, 3, 4]) {
      const { perplexity } = model.unigram([{ word, left: null }]);
      expect(1 / perplexity).toBeCloseTo(unigram(word) / (6 + vocabSize), 12);
    }
    const all = [0, 1, 2, 3, 4].map((word) => 1 / model.unigram([{ word, left: null }]).perplexity);
    expect(all.reduce((sum, p) => sum + p)).toBeCloseTo(1, 12);
  });

  it("mixes in what follows the left neighbour", () => {
    // Two different words were seen behind 1, which was followed three times.
    const mixed = (word: number, count: number) => (count + (2 * unigram(word)) / (6 + vocabSize)) / (3 + 2);
    expect(1 / model.bigram([{ word: 2, left: 1 }]).perplexity).toBeCloseTo(mixed(2, 2), 12);
    expect(1 / model.bigram([{ word: 4, left: 1 }]).perplexity).toBeCloseTo(mixed(4, 0), 12);
    const all = [0, 1, 2, 3, 4].map((word) => 1 / model.bigram([{ word, left: 1 }]).perplexity);
    expect(all.reduce((sum, p) => sum + p)).toBeCloseTo(1, 12);
    expect(model.bigram([{ word: 2, left: null }])).toEqual(model.unigram([{ word: 2, left: null }]));
  });

  it("counts how often the likeliest word is right", () => {
    expect(model.unigram([1, 2, 3, 1].map((word) => ({ word, left: 1 }))).accuracy).toBe(0.5);
    expect(model.bigram([2, 3].map((word) => ({ word, left: 1 }))).accuracy).toBe(0.5);
    // Behind 4 nothing was seen: the most frequent word of all.
    expect(model.bigram([1, 2].map((word) => ({ word, left: 4 }))).accuracy).toBe(0.5);
  });
});
