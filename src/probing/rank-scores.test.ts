import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { consistencyScores, macroAverage, rankOf, rankScores } from "./rank-scores.js";

const scores = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 });

describe("rankOf", () => {
  it("is the place after a stable sort", () => {
    fc.assert(
      fc.property(scores, fc.nat(), (values, pick) => {
        const right = pick % values.length;
        const sorted = [...values.keys()].sort((a, b) => values[b]! - values[a]!);
        expect(rankOf(values, right)).toBe(sorted.indexOf(right) + 1);
      }),
    );
  });

  it("puts what is no number last", () => {
    expect(rankOf([Number.NaN, 1, 2], 0)).toBe(3);
    expect(rankOf([Number.NaN, 1, 2], 1)).toBe(2);
  });
});

describe("rankScores", () => {
  it("counts as a reader would", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (ranks) => {
        const found = rankScores(ranks);
        for (const [k, share] of [
          [1, found.p1],
          [10, found.p10],
          [100, found.p100],
        ] as const) {
          let hits = 0;
          for (const rank of ranks) if (rank <= k) hits++;
          expect(share).toBeCloseTo(hits / ranks.length, 12);
        }
        let reciprocal = 0;
        for (const rank of ranks) reciprocal += 1 / rank;
        expect(found.mrr).toBeCloseTo(reciprocal / ranks.length, 12);
      }),
    );
  });

  it("is zero without questions, and the macro average leaves such relations out", () => {
    const [all, none, half] = [rankScores([1]), rankScores([]), rankScores([1, 20])];
    expect(none).toEqual({ p1: 0, p10: 0, p100: 0, mrr: 0, questions: 0 });
    expect(macroAverage([all, none, half])).toMatchObject({ p1: 0.75, p10: 0.75, p100: 1, questions: 3 });
    expect(macroAverage([])).toMatchObject({ p1: 0, questions: 0 });
  });
});

describe("consistencyScores", () => {
  it("is the share of agreeing pairs", () => {
    const answers = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(answers, { minLength: 1, maxLength: 5 }), (facts) => {
        let [pairs, agreeing] = [0, 0];
        for (const fact of facts) {
          for (let i = 0; i < fact.length; i++) {
            for (let j = 0; j < i; j++) {
              pairs++;
              if (fact[i] === fact[j]) agreeing++;
            }
          }
        }
        const found = consistencyScores(facts.map((fact) => ({ answers: fact, right: 0 })));
        expect(found.consistency).toBeCloseTo(agreeing / pairs, 12);
        expect(found.consistentlyRight).toBe(facts.filter((fact) => fact.every((a) => a === 0)).length / facts.length);
      }),
    );
  });

  it("leaves out facts with a single paraphrase", () => {
    expect(consistencyScores([{ answers: [1], right: 1 }])).toEqual({ consistency: 0, consistentlyRight: 0, facts: 0 });
  });
});
