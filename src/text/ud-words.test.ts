import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { udWords } from "./ud-words.js";

const forms = (sentence: string) =>
  udWords(sentence)
    .map(({ form }) => form)
    .join(" ");

describe("udWords", () => {
  it.each([
    ["I don't know, he's gone.", "I do n't know , he 's gone ."],
    ["They’ve said we can’t; you cannot.", "They ’ve said we ca n’t ; you can not ."],
    ["DON'T! She'd've gone, gonna go.", "DO N'T ! She 'd 've gone , gon na go ."],
    ["The dogs' owner met O'Brien at five o'clock.", "The dogs ' owner met O'Brien at five o'clock ."],
    ["Mr. Smith of the U.S. Navy paid $1,000.50 (5%).", "Mr. Smith of the U.S. Navy paid $ 1,000.50 ( 5 % ) ."],
    ["He left at 10:30 a.m. on Oct. 3rd, in the 1990s.", "He left at 10:30 a.m. on Oct. 3rd , in the 1990s ."],
    ["It weighs 5km, no. 3 of two.", "It weighs 5 km , no. 3 of two ."],
    ["Is it J. R. or not? No.", "Is it J. R. or not ? No ."],
    ["A well-known co-founder re-elected in mid-July.", "A well - known co-founder re-elected in mid-July ."],
    ["See https://a.org/b?c=d. Or write a.b@c.com, now.", "See https://a.org/b?c=d . Or write a.b@c.com , now ."],
    ["and/or 11/28/2000, 713-853-3989", "and / or 11/28/2000 , 713-853-3989"],
    ["Well... no -- yes!!! :-) AT&T", "Well ... no -- yes !!! :-) AT&T"],
    ["“Quoted,” he said.", "“ Quoted , ” he said ."],
    ["Grüße an Zoë 😀!", "Grüße an Zoë 😀 !"],
    ["a\u0000b\tc", "a b c"],
  ])("cuts %j", (sentence, expected) => {
    expect(forms(sentence)).toBe(expected);
  });

  it("says where each word stands, and whether a space follows", () => {
    const sentence = " He's  here.";
    const words = udWords(sentence);
    expect(words.map(({ start, end }) => sentence.slice(start, end))).toEqual(["He", "'s", "here", "."]);
    expect(words.map(({ spaceAfter }) => spaceAfter)).toEqual([false, true, false, true]);
  });

  it("leaves out no character but white space and control characters, whatever the text", () => {
    const text = fc.string({ unit: fc.constantFrom(..."aAé1.'’-/@:!()&é\u0301😀 \n\u0007n't") });
    fc.assert(
      fc.property(text, (sentence) => {
        const words = udWords(sentence);
        expect(words.map(({ form }) => form).join("")).toBe(sentence.replace(/[\s\p{Cc}]+/gu, ""));
        for (const { form, start, end } of words) {
          expect(form).not.toBe("");
          expect(sentence.slice(start, end)).toBe(form);
        }
      }),
    );
  });

  it.each([
    ["one word", "a".repeat(400_000)],
    ["apostrophes", "a'".repeat(200_000)],
    ["full stops", "a.".repeat(200_000)],
    ["hyphens", "co-".repeat(130_000)],
    ["addresses", "a@".repeat(200_000)],
    ["signs", "=".repeat(400_000)],
  ])("takes no more than seconds for 400,000 letters of %s", (_, text) => {
    const begun = performance.now();
    udWords(text);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
