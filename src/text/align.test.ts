import { describe, expect, it } from "vitest";
import { type AddedToken, AddedTokenSplitter, type SectionEncoder, wordPieceSections } from "./align.js";

const added = (flags: Partial<AddedToken>): AddedToken => ({
  id: 7,
  content: "tok",
  special: false,
  normalized: false,
  lstrip: false,
  rstrip: false,
  single_word: false,
  ...flags,
});

/** The sections of a text, an added token as its id. */
function split(flags: Partial<AddedToken>, text: string): (string | number)[] {
  const parts: (string | number)[] = [];
  new AddedTokenSplitter([["tok", added(flags)]]).split(
    { text, base: 0 },
    (part) => parts.push(part.text),
    ({ id }) => parts.push(id),
  );
  return parts;
}

describe("AddedTokenSplitter", () => {
  it("takes Unicode's white space, not JavaScript's, with a token that strips it", () => {
    expect(split({ lstrip: true }, "a \u0085tok b")).toEqual(["a", 7, " b"]);
    expect(split({ lstrip: true }, "a\ufefftok")).toEqual(["a\ufeff", 7]);
    expect(split({ rstrip: true }, "tok\u0085 b")).toEqual([7, "b"]);
    expect(split({ rstrip: true }, "tok\ufeffb")).toEqual([7, "\ufeffb"]);
    expect(split({ rstrip: true, lstrip: true }, " tok \t tok ")).toEqual([7, 7]);
  });

  it.each(["a", "9", "_", "é", "\u0301", "Ⅷ", "ⓐ", "‿", "\u200d"])("sees a word go on at %j", (side) => {
    expect(split({ single_word: true }, `tok${side}`)).toEqual([`tok${side}`]);
    expect(split({ single_word: true }, `${side}tok`)).toEqual([`${side}tok`]);
  });

  it.each([" ", ".", "²", "½", "😀", "\u200b"])("sees no word at %j", (side) => {
    expect(split({ single_word: true }, `tok${side}`)).toEqual([7, side]);
    expect(split({ single_word: true }, `${side}tok`)).toEqual([side, 7]);
  });
});

describe("wordPieceSections", () => {
  const words = (text: string): string[] => {
    const found: string[] = [];
    const section: SectionEncoder = wordPieceSections((word) => {
      found.push(word);
      return { ids: [], starts: [], ends: [] };
    });
    section({ text, base: 0 }, { ids: [], offsets: [] });
    return found;
  };

  it("cuts at what Unicode 8.0 calls punctuation", () => {
    expect(words("a-b…c\u166dd\u{111c9}e")).toEqual(["a", "-", "b", "…", "c", "\u166d", "d", "\u{111c9}", "e"]);
    // Punctuation since 13 and 9.
    expect(words("a\u{10ead}b\u2e43c")).toEqual(["a\u{10ead}b\u2e43c"]);
    expect(words("a$b^c")).toEqual(["a", "$", "b", "^", "c"]);
  });
});
