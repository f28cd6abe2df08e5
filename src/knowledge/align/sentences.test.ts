import { describe, expect, it } from "vitest";
import { SentenceCutter } from "./sentences.js";

const cut = (text: string, language = "en") =>
  new SentenceCutter(language).cut(text, []).map(({ start, end }) => text.slice(start, end));

describe("SentenceCutter", () => {
  it.each([
    ["Dr. Smith came. Mr. Jones left.", 2],
    ["J. R. R. Tolkien wrote it. He was English.", 2],
    ["See No. 5 and p. 7. The end.", 2],
    ["It is in the U.S. Army. They know.", 2],
    ["He lives in the U.S. She lives elsewhere.", 2],
    ["Warner Bros. Records sold it. St. Louis bought it.", 2],
    ["On Jan. 5 The Band played. On 3.5 m.", 2],
    ["One。Two。", 2],
    ["", 0],
    ["   \n ", 0],
  ])("cuts %j into %i", (text, count) => {
    expect(cut(text)).toHaveLength(count);
  });

  it("goes on behind a line that was wrapped, and ends at a short one and at an empty one", () => {
    const text = "Vienna\nVienna, which is the largest city by far, is the\nCapital of it all. It\n\nstands.\r\n";
    expect(cut(text)).toEqual([
      "Vienna",
      "Vienna, which is the largest city by far, is the\nCapital of it all.",
      "It",
      "stands.",
    ]);
  });

  it("ends none inside what is whole", () => {
    const text = "We saw Yahoo! Japan today. It was good.";
    const sentences = new SentenceCutter("en").cut(text, [{ start: 7, end: 19 }]);
    expect(sentences).toEqual([
      { start: 0, end: 26 },
      { start: 27, end: 39 },
    ]);
  });
});
