import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { treeFault } from "../../data/dependency-sentence.js";
import { type ArcScores, greedyHeads, maximumSpanningTree } from "./spanning-tree.js";

/** Scores out of a list, row by row. */
function scoresOf(words: number, values: readonly number[]): ArcScores {
  return { words, score: (dependent, head) => values[(dependent - 1) * (words + 1) + head] as number };
}

const total = ({ score }: ArcScores, heads: readonly number[]) =>
  heads.reduce((sum, head, i) => sum + score(i + 1, head), 0);

/** Every tree with one root. */
function* allTrees(words: number): Generator<number[]> {
  for (let code = 0; code < (words + 1) ** words; code++) {
    const heads = Array.from({ length: words }, (_, i) => Math.floor(code / (words + 1) ** i) % (words + 1));
    if (treeFault(heads) === null) yield heads;
  }
}

const matrices = fc
  .integer({ min: 1, max: 5 })
  .chain((words) =>
    fc
      .array(fc.integer({ min: -50, max: 50 }), { minLength: words * (words + 1), maxLength: words * (words + 1) })
      .map((values) => scoresOf(words, values)),
  );

describe("maximumSpanningTree", () => {
  it("finds a tree with one root that no other one beats", () => {
    fc.assert(
      fc.property(matrices, (scores) => {
        const heads = maximumSpanningTree(scores);
        expect(treeFault(heads)).toBeNull();
        const best = Math.max(...Array.from(allTrees(scores.words), (tree) => total(scores, tree)));
        expect(total(scores, heads)).toBe(best);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps what is a tree already", () => {
    fc.assert(
      fc.property(matrices, (scores) => {
        const heads = greedyHeads(scores);
        if (treeFault(heads) === null) expect(total(scores, maximumSpanningTree(scores))).toBe(total(scores, heads));
      }),
    );
  });

  it("opens cycles within cycles, and takes a long sentence", () => {
    // 1 ⇄ 2 pull each other, and both of them 3 ⇄ 4; the root is worth little to any.
    const pairs = new Map([
      ["1,2", 9],
      ["2,1", 9],
      ["3,4", 8],
      ["4,3", 8],
      ["1,3", 5],
      ["3,1", 5],
      ["4,0", 1],
    ]);
    const nested: ArcScores = { words: 4, score: (dependent, head) => pairs.get(`${dependent},${head}`) ?? 0 };
    expect(maximumSpanningTree(nested)).toEqual([3, 1, 4, 0]);
    const long: ArcScores = { words: 200, score: (dependent, head) => Math.sin(dependent * 7919 + head * 104729) };
    expect(treeFault(maximumSpanningTree(long))).toBeNull();
  });
});

describe("greedyHeads", () => {
  it("gives each word its best head but itself, the earlier one at a tie", () => {
    expect(greedyHeads(scoresOf(2, [0, 9, 1, 3, 3, 9]))).toEqual([2, 0]);
    expect(greedyHeads(scoresOf(1, [-5, 9]))).toEqual([0]);
  });
});
