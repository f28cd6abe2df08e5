import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normaliseAnswer, scoreAnswer, scoreAnswers } from "./qa/answer-scores.js";
import { scoreSemEval, scoreTacred, undirected } from "./relations/relation-scores.js";
import { predictedTypes, scoreTyping } from "./typing/typing-scores.js";

describe("TACRED's scores", () => {
  it("leave pairs without a relation out, unless they are taken for one", () => {
    // Right, missed, invented, wrong relation, rightly none.
    const scores = scoreTacred([1, 2, 0, 1, 0], [1, 0, 2, 2, 0], 0);
    expect(scores.precision).toBeCloseTo(1 / 3, 12);
    expect(scores.recall).toBeCloseTo(1 / 3, 12);
    expect(scores.f1).toBeCloseTo(1 / 3, 12);
    expect(scoreTacred([0, 1], [0, 0], 0)).toEqual({ precision: 1, recall: 0, f1: 0 });
  });
});

describe("SemEval's score", () => {
  const labels = ["Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)", "Other", "Content-Container(e1,e2)"];

  it("counts a wrong direction as wrong, leaves Other out and gives every relation the same weight", () => {
    // Cause-Effect: 3 there, 4 said, 2 right. Content-Container: 1 there, 0 said.
    const { macroF1, perRelation } = scoreSemEval([0, 1, 1, 2, 3, 2], [0, 0, 1, 0, 2, 2], labels);
    expect(perRelation["Cause-Effect"]).toMatchObject({ precision: 0.5, recall: 2 / 3 });
    expect(perRelation["Cause-Effect"]?.f1).toBeCloseTo(4 / 7, 12);
    expect(perRelation["Content-Container"]).toEqual({ precision: 0, recall: 0, f1: 0 });
    expect(Object.keys(perRelation)).toEqual(["Cause-Effect", "Content-Container"]);
    expect(macroF1).toBeCloseTo(2 / 7, 12);
    expect(undirected("Entity-Origin(e2,e1)")).toBe("Entity-Origin");
  });
});

describe("entity typing's scores", () => {
  it("predict what is above 0, and FIGER's the best in any case", () => {
    const logits = Float32Array.of(-3, -1, -1, -2);
    expect(predictedTypes(logits, false)).toEqual([]);
    expect(predictedTypes(logits, true)).toEqual([1, 2]);
    expect(predictedTypes(Float32Array.of(0, 0.1, -1), false)).toEqual([1]);
  });

  it("are strict, micro and macro, and 0 where there is nothing to find", () => {
    const scores = scoreTyping([[0, 1], [2], []], [[0], [2], [1]]);
    expect(scores.strictAccuracy).toBeCloseTo(1 / 3, 12);
    expect(scores.looseMicro).toEqual({ precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
    expect(scores.looseMacro.precision).toBeCloseTo(2 / 3, 12);
    expect(scores.looseMacro.recall).toBeCloseTo(0.5, 12);
    expect(scoreTyping([[]], [[]])).toMatchObject({
      strictAccuracy: 1,
      looseMicro: { precision: 0, recall: 0, f1: 0 },
    });
    expect(scoreTyping([], [])).toMatchObject({ strictAccuracy: 0, examples: 0 });
  });
});

describe("answers", () => {
  it("are the same but for case, punctuation, articles and white space", () => {
    expect(normaliseAnswer("  The U.S.A.,\u2003a Café\u001c")).toBe("usa café");
    expect(normaliseAnswer("éthe theatre")).toBe("éthe theatre");
    expect(scoreAnswer("The Eiffel Tower", ["Tower of London", "eiffel tower."])).toEqual({ exactMatch: 1, f1: 1 });
    expect(scoreAnswer("dog dog", ["dog"]).f1).toBeCloseTo(2 / 3, 12);
    expect(scoreAnswers([]).exactMatch).toBe(0);
  });

  it("have one normal form, and an exact match of words has F1 1", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const normal = normaliseAnswer(text);
        // An article may appear where punctuation was, once more at most: "a.n" becomes "an".
        expect(normal.length).toBeLessThanOrEqual(text.toLowerCase().length);
        const { exactMatch, f1 } = scoreAnswer(text, [text]);
        expect(exactMatch).toBe(1);
        expect(f1).toBe(normal === "" ? 0 : 1);
      }),
    );
  });
});
