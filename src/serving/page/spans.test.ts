import { describe, expect, it } from "vitest";
import { moved, piecesOf, trimmed } from "./spans.js";

const text = "Winter is the capital of Ormelle.";
const winter = { start: 0, end: 6 };
const ormelle = { start: 25, end: 32 };

describe("a marked part of a text", () => {
  it("has no white space around it, and is none where there is nothing else", () => {
    expect(trimmed(text, { start: 24, end: 32 })).toEqual(ormelle);
    expect(trimmed(text, { start: 6, end: 7 })).toBeNull();
  });

  it.each([
    ["before it", "Cold Winter is the capital of Ormelle.", { start: 30, end: 37 }],
    ["behind it", `${text} Truly.`, ormelle],
    ["within it", "Winter is the capital of Ormmelle.", { start: 25, end: 33 }],
    ["over its edge", "Winter is the capitalelle.", null],
    ["over all of it", "Winter is the capital of .", null],
    ["that replaces everything", "Rain.", null],
  ])("follows an edit %s", (_, after, expected) => {
    expect(moved(ormelle, text, after)).toEqual(expected);
    if (expected) expect(after.slice(expected.start, expected.end)).toMatch(/^Orm+elle$/);
  });
});

describe("pieces", () => {
  it("are the text, cut where marks begin and end", () => {
    const pieces = piecesOf(text, { subject: winter, object: ormelle, none: null });
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    expect(pieces.map(({ marks }) => marks.join())).toEqual(["subject", "", "object", ""]);
  });

  it("have several marks where these overlap", () => {
    const pieces = piecesOf("New York City", { subject: { start: 0, end: 13 }, object: { start: 4, end: 8 } });
    expect(pieces.map((piece) => [piece.text, piece.marks.length])).toEqual([
      ["New ", 1],
      ["York", 2],
      [" City", 1],
    ]);
  });
});
