import { describe, expect, it } from "vitest";
import { createNormaliser } from "./normalise.js";

/** What a normaliser of tokenizer.json makes of a text. */
function normalised(description: object, text: string): string {
  const normaliser = createNormaliser(description, "tokenizer.json");
  return normaliser?.({ text, base: 0 }).text ?? text;
}

const bert = { type: "BertNormalizer", lowercase: false, strip_accents: true, handle_chinese_chars: false };

describe("BertNormalizer", () => {
  it("strips what Unicode 8.0 calls a nonspacing mark, and what came later stays", () => {
    // Hanunoo's pamudpod was one until Unicode 14; Adlam's and Saurashtra's marks came with 9.
    expect(normalised(bert, "a\u0301b\u1734c\u{1e944}d\ua8c5")).toBe("abc\u{1e944}d\ua8c5");
  });

  it("drops format controls of Unicode 8.0, and what came later stays", () => {
    expect(normalised({ ...bert, clean_text: true }, "a\u200bb\ue000c\u{13430}d\u08e2")).toBe("abc\u{13430}d\u08e2");
  });
});

describe("StripAccents", () => {
  it("strips marks of every kind that Unicode 9.0 has", () => {
    expect(normalised({ type: "StripAccents" }, "a\u0301b\u0488c\u0903d\u{1182c}")).toBe("abcd\u{1182c}");
  });
});

describe("Replace", () => {
  it("takes Unicode's white space, not JavaScript's, for \\s", () => {
    const step = { type: "Replace", pattern: { Regex: "\\s+" }, content: "_" };
    expect(normalised(step, "a \t\u0085b\ufeffc\x1cd")).toBe("a_b\ufeffc\x1cd");
  });
});

describe("Strip", () => {
  it("takes off white space of every kind on the sides that it names", () => {
    const text = "\u0085 a \u3000\n";
    expect(normalised({ type: "Strip" }, text)).toBe("a");
    expect(normalised({ type: "Strip", strip_left: false }, text)).toBe("\u0085 a");
    expect(normalised({ type: "Strip", strip_right: false }, text)).toBe("a \u3000\n");
    expect(normalised({ type: "Strip" }, " \n ")).toBe("");
  });
});
