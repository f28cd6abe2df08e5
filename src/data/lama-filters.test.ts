import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerInSubject, inProbedFifth, nameQuestions, SubjectIndex } from "./lama-filters.js";

describe("LAMA-UHN", () => {
  it("knows an answer that stands in the subject's name, whatever its case", () => {
    expect(answerInSubject({ subject: "Apple Watch", object: "apple" })).toBe(true);
    expect(answerInSubject({ subject: "Watch", object: "Apple" })).toBe(false);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string({ minLength: 1 }), (before, after, object) => {
        expect(answerInSubject({ subject: `${before} ${object} ${after}`, object })).toBe(true);
      }),
    );
  });

  it("asks about each part of a person's name, hyphens left out", () => {
    expect(nameQuestions({ relation: "P103", subject: "Jean-Luc Marais Marais" })).toEqual([
      "JeanLuc is a common name in the following language : [MASK] .",
      "Marais is a common name in the following language : [MASK] .",
    ]);
    expect(nameQuestions({ relation: "P36", subject: "France" })).toEqual([]);
  });
});

describe("subjects", () => {
  it("a fifth of all names, whatever case and spaces", () => {
    const names = Array.from({ length: 5000 }, (_, i) => `Person ${i}`);
    const share = names.filter(inProbedFifth).length / names.length;
    expect(share).toBeGreaterThan(0.18);
    expect(share).toBeLessThan(0.22);
    for (const name of names.slice(0, 50)) {
      expect(inProbedFifth(name.toUpperCase().replace(" ", "  "))).toBe(inProbedFifth(name));
    }
  });

  it("are found by id, by name, and word for word in a text", () => {
    const index = new SubjectIndex([{ subject: "Peter F. Martin", subjectId: "Q1" }, { subject: "Ada" }]);
    expect(index.hasId("Q1")).toBe(true);
    expect(index.hasId("Q2")).toBe(false);
    expect(index.hasId(undefined)).toBe(false);
    expect(index.isNamedIn("peter f martin")).toBe(true);
    expect(index.isNamedIn("In 1941 Peter F. Martin was born.")).toBe(true);
    expect(index.isNamedIn("Adam met Peter Martin.")).toBe(false);
    expect(index.isNamedIn("This is ADA!")).toBe(true);
    expect(index.size).toBe(2);
  });

  it("isNamedIn agrees with looking for each name between the words", () => {
    const word = fc.constantFrom("a", "b", "c", "d");
    const name = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), fc.array(word, { maxLength: 8 }), (names, words) => {
        const text = words.join(" ");
        const expected = names.some((one) => ` ${text} `.includes(` ${one} `));
        expect(new SubjectIndex(names.map((subject) => ({ subject }))).isNamedIn(text)).toBe(expected);
      }),
    );
  });
});
