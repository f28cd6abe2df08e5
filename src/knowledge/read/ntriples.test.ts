import fc from "fast-check";
import { DataFactory, Writer } from "n3";
import { describe, expect, it } from "vitest";
import { parseTriple } from "./ntriples.js";

const iri = (value: string) => ({ kind: "iri", value });
const literal = (value: string, more: object = {}) => ({ kind: "literal", value, language: "", datatype: "", ...more });

describe("parseTriple", () => {
  it.each([
    ["<a> <b> <c> .", iri("c")],
    ["  <a>\t<b>\t<c>. # why", iri("c")],
    ["<a> <b> <c> <graph> .\r", iri("c")],
    ["\ufeff<a><b><c>.", iri("c")],
    ["<a> <b> _:x .", { kind: "blank" }],
    ['<a> <b> "c" .', literal("c")],
    ['<a> <b> "a \\"b\\" \\\\" .', literal('a "b" \\')],
    ['<a> <b> "\\u00e9\\U0001F600\\t" .', literal("é😀\t")],
    ['<a> <b> "\\uD83D\\uDE00" .', literal("😀")],
    ["<a> <b> \"x . <y> 'z'\"@de-AT .", literal("x . <y> 'z'", { language: "de-AT" })],
    ['<a> <b> "1"^^<int> .', literal("1", { datatype: "int" })],
    ['<a> <b> "" .', literal("")],
  ])("reads %j", (line, object) => {
    expect(parseTriple(line)).toEqual({ subject: "a", predicate: "b", object });
  });

  it.each(["", "   ", "# a comment", "\ufeff# a comment"])("passes %j over", (line) => {
    expect(parseTriple(line)).toBeNull();
  });

  it.each([
    "<a> <b> <c>",
    "<a> <b> .",
    "<a> <b> <c> . <d>",
    "<a <b> <c> .",
    '<a> "b" <c> .',
    '"a" <b> <c> .',
    '<a> <b> "c .',
    '<a> <b> "c\\" .',
    '<a> <b> "c\\x" .',
    '<a> <b> "\\U00110000" .',
    '<a> <b> "c"@ .',
    '<a> <b> "c"^^int .',
    "<a> <b> <c>, <d> .",
    "<a> <b> <c> ; <d> <e> .",
    "a b c .",
  ])("refuses %j", (line) => {
    expect(parseTriple(line)).toBe("wrong");
  });

  it("reads a blank node as a subject", () => {
    expect(parseTriple("_:a <b> <c> .")).toMatchObject({ subject: null });
  });

  it("reads what n3 writes", () => {
    const sign = fc.constantFrom(..."aé中😀\u{10ffff}\ufffe\u0000\u0001\u007f\t\r\n\b\f\"'\\<>@^. ");
    const text = fc.string({ unit: sign, maxLength: 20 });
    fc.assert(
      fc.property(text, fc.constantFrom("", "en", "zh-hans"), (value, language) => {
        const { namedNode, literal: made, quad } = DataFactory;
        const object = made(value, language === "" ? undefined : language);
        const line = new Writer({ format: "N-Triples" })
          .quadsToString([quad(namedNode("http://a/b"), namedNode("http://c"), object)])
          .trimEnd();
        expect(parseTriple(line)).toEqual({
          subject: "http://a/b",
          predicate: "http://c",
          object: literal(value, { language }),
        });
      }),
      { numRuns: 50 },
    );
  });

  it("gives a triple or says that it is none, whatever the line", () => {
    const piece = fc.constantFrom("<", ">", '"', "\\", "@en", "^^", ".", " ", "_:", "a", "\\u00", "#", "\t", "é");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const triple = parseTriple(pieces.join(""));
        expect(triple === null || triple === "wrong" || triple.predicate !== "").toBe(true);
      }),
    );
  });

  it("takes time in proportion to the line's length", () => {
    // Of the processor: the machine may have other work.
    const milliseconds = (line: string) => {
      const before = process.cpuUsage();
      expect(parseTriple(line)).toBe("wrong");
      return process.cpuUsage(before).user / 1000;
    };
    for (const hard of ["\\", '\\"', "<", ">", "_:", " "]) {
      expect(milliseconds(`<a> <b> "${hard.repeat(500_000)}`), hard).toBeLessThan(500);
    }
  });
});
