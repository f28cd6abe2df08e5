/** An aligner's time grows with the text alone, whatever the text. */
import { describe, expect, test } from "vitest";
import { Aligner } from "../src/knowledge/align/aligner.js";
import { buildTables } from "../src/knowledge/align/tables.js";
import { documentOf, known } from "../src/testing/known.js";

const tables = await buildTables(
  known(
    [
      ["Q1", ["Vienna", "aa", "Dr. No", "x y z"]],
      ["Q2", ["Austria", "A. A. A."]],
    ],
    [["Q2", "P36", "Q1"]],
  ),
);

/** Milliseconds, the least of three. */
function time(text: string): number {
  const aligner = new Aligner(tables, { pronouns: true });
  const times = [1, 2, 3].map(() => {
    const started = performance.now();
    aligner.align(documentOf(text, { title: "Vienna" }));
    return performance.now() - started;
  });
  return Math.min(...times);
}

describe("an aligner", () => {
  test.each([
    ["one word", (letters: number) => "a".repeat(letters)],
    ["one line of words", (letters: number) => "aaaa ".repeat(letters / 5)],
    ["one line of a name", (letters: number) => "Vienna ".repeat(letters / 7)],
    ["full stops", (letters: number) => ". ".repeat(letters / 2)],
    ["initials", (letters: number) => "A. ".repeat(letters / 3)],
    ["white space", (letters: number) => " ".repeat(letters)],
    ["line feeds", (letters: number) => "\n".repeat(letters)],
    ["digits", (letters: number) => "1,234".repeat(letters / 5)],
    ["months", (letters: number) => "May 5, ".repeat(letters / 7)],
    ["beginnings of a name", (letters: number) => "x y ".repeat(letters / 4)],
    ["characters without spaces", (letters: number) => "東京".repeat(letters / 2)],
    ["pairs of surrogates", (letters: number) => "𠮷".repeat(letters / 2)],
    ["marks", (letters: number) => "a\u0301".repeat(letters / 2)],
  ])("takes time in line with the length of %s", (_, text) => {
    time(text(200_000));
    // Twice what is in line: other work on the machine is felt, a square would be sixteenfold.
    expect(time(text(800_000))).toBeLessThan(8 * time(text(200_000)) + 200);
  });
});
