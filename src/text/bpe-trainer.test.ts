import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { sentences } from "../testing/small-tokenizers.js";
import { trainBpe } from "./bpe-trainer.js";
import { createBpeTokenizer } from "./tokenizer.js";

describe("trainBpe", () => {
  it("lays the vocabulary out as RoBERTa's", async () => {
    const { vocabJson, mergesTxt, vocabSize } = await trainBpe(sentences, { vocabSize: 300 });
    const vocab = new Map(Object.entries(JSON.parse(vocabJson) as Record<string, number>));
    expect(vocabSize).toBe(300);
    expect([...vocab.values()].sort((a, b) => a - b)).toEqual([...Array(300).keys()]);
    expect(["<s>", "<pad>", "</s>", "<unk>", "<mask>"].map((token) => vocab.get(token))).toEqual([0, 1, 2, 3, 299]);
    expect(mergesTxt.startsWith("#version: 0.2\n")).toBe(true);
    expect(mergesTxt.trimEnd().split("\n")).toHaveLength(1 + 300 - 261);
  });

  it("merges the most frequent pair first, of equals the one whose symbols come first", async () => {
    const { mergesTxt } = await trainBpe(["bbab bbab ccd"], { vocabSize: 300, minFrequency: 1 });
    expect(mergesTxt.split("\n").slice(1, 4)).toEqual(["a b", "b b", "Ġ bb"]);
  });

  it("counts pairs in runs of one letter rightly", async () => {
    const { mergesTxt } = await trainBpe(["aaaaaaaa", "aaaaaaaa"], { vocabSize: 300 });
    expect(mergesTxt.split("\n").slice(1, 4)).toEqual(["a a", "aa aa", "Ġ aaaa"]);
  });

  it("does not depend on the order of the texts", async () => {
    const forwards = await trainBpe(sentences, { vocabSize: 400, minFrequency: 1 });
    expect(await trainBpe([...sentences].reverse(), { vocabSize: 400, minFrequency: 1 })).toEqual(forwards);
  });

  it("stops where no pair is frequent enough, and still writes every text", async () => {
    const trained = await trainBpe(["quick"], { vocabSize: 5000 });
    expect(trained.vocabSize).toBe(261);
    const tokenizer = createBpeTokenizer(trained.vocabJson, trained.mergesTxt);
    expect(tokenizer.decode(tokenizer.encode("naïve 日本 😀").ids)).toBe("naïve 日本 😀");
  });

  it("refuses sizes that cannot hold the bytes", async () => {
    for (const vocabSize of [0, 260, 2.5, Number.NaN, 1e9]) {
      await expect(trainBpe(sentences, { vocabSize })).rejects.toBeInstanceOf(UserError);
    }
  });
});
