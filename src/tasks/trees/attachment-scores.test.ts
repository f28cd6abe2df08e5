import { describe, expect, it } from "vitest";
import type { DependencyWord } from "../../data/dependency-sentence.js";
import { scoreAttachments } from "./attachment-scores.js";

const word = (head: number, relation: string, upos = "NOUN"): DependencyWord => ({
  form: "x",
  upos,
  head,
  relation,
  spaceAfter: true,
});

describe("scoreAttachments", () => {
  const first = { file: "a", words: [word(2, "nsubj:pass"), word(0, "root"), word(2, "punct", "PUNCT")] };
  const second = { file: "b", words: [word(0, "root")] };

  it("counts words, with and without punctuation, in all and by file", () => {
    const scores = scoreAttachments([
      { ...first, heads: [2, 0, 1], relations: null },
      { ...second, heads: [0], relations: null },
    ]);
    expect(scores).toEqual({
      uas: 3 / 4,
      uasNoPunct: 1,
      words: 4,
      sentences: 2,
      perFile: {
        a: { uas: 2 / 3, uasNoPunct: 1, words: 3, sentences: 1 },
        b: { uas: 1, uasNoPunct: 1, words: 1, sentences: 1 },
      },
    });
  });

  it("wants head and universal relation for LAS", () => {
    const scores = scoreAttachments([{ ...first, heads: [2, 0, 1], relations: ["nsubj", "obj", "punct"] }]);
    expect([scores.las, scores.lasNoPunct]).toEqual([1 / 3, 1 / 2]);
  });

  it("is 0 without sentences", () => {
    expect(scoreAttachments([])).toEqual({ uas: 0, uasNoPunct: 0, words: 0, sentences: 0, perFile: {} });
  });
});
