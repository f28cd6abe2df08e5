import { describe, expect, it } from "vitest";
import { counted, printable, shown, tally, withArticle } from "./phrases.js";

describe("phrases", () => {
  it("counts one thing and several", () => {
    expect([0, 1, 2, 12_345].map((count) => counted(count, "example"))).toEqual([
      "0 examples",
      "1 example",
      "2 examples",
      "12,345 examples",
    ]);
    expect(counted(2, "entry", "entries")).toBe("2 entries");
  });

  it("takes the article that is spoken", () => {
    expect(["entity typing record", "FewRel record", "list"].map(withArticle)).toEqual([
      "an entity typing record",
      "a FewRel record",
      "a list",
    ]);
  });

  it("shows values without JSON's brackets, and of long ones the beginning", () => {
    expect([3, "3", ["a", "b"], [0, 4], [], undefined].map(shown)).toEqual([
      "3",
      '"3"',
      '"a", "b"',
      "0, 4",
      "an empty list",
      "undefined",
    ]);
    expect(shown("x".repeat(100))).toBe(`"${"x".repeat(56)}…`);
  });

  it("shows what would move a terminal's cursor, colour it, or turn the order of letters", () => {
    expect(printable("\u001b[2J\u0007a\tb\nc\rd")).toBe("\\u001b[2J\\u0007a\tb\nc\\u000dd");
    expect(printable("\u009b1m \u202eabc\u2066")).toBe("\\u009b1m \\u202eabc\\u2066");
    expect(printable("é 中 עברית\u200f 👩‍🚀")).toBe("é 中 עברית\u200f 👩‍🚀");
  });

  it("tells what was counted, the most first", () => {
    expect(tally({ "too long": 1, "no words": 3 })).toBe("3: no words, 1: too long");
  });
});
