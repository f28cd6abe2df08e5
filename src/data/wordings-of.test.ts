import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commonWordings } from "./common-wordings.js";
import { wordingsFor, wordingsOf } from "./wordings-of.js";

const is = "[X] is the capital of [Y].";

describe("wordingsFor", () => {
  it("says of which kind of phrase a relation's name is", () => {
    expect(wordingsFor("capital of")).toContain("[X] is the capital of [Y].");
    expect(wordingsFor("capital")).toContain("The capital of [X] is [Y].");
    expect(wordingsFor("placeOfBirth")).toContain("The place of birth of [X] is [Y].");
    expect(wordingsFor("place_of_birth")).toEqual(wordingsFor("placeOfBirth"));
    expect(wordingsFor("born in")).toContain("[X] was born in [Y].");
    expect(wordingsFor("is married to")).toContain("[X] is married to [Y].");
  });

  it("makes at least three different wordings of any name, each with one [X] and one [Y]", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom("[X]", "[Y] of", "hums in", "is", "of", "")), (relation) => {
        const made = wordingsFor(relation);
        expect(new Set(made).size).toBe(made.length);
        expect(made.length).toBeGreaterThanOrEqual(3);
        for (const one of made) {
          expect(one.split("[X]")).toHaveLength(2);
          expect(one.split("[Y]")).toHaveLength(2);
        }
      }),
    );
  });
});

it("wordingsOf makes wordings only where none are given, and says for which", async () => {
  const { wordings, made } = await wordingsOf(
    ["capital of", "hums in", "P36", "capital of"],
    new Map([["capital of", [is]]]),
  );
  expect(wordings).toEqual(
    new Map([
      ["capital of", [is]],
      ["hums in", wordingsFor("hums in")],
      ["P36", await commonWordings("Capital City")],
    ]),
  );
  expect(made).toEqual(["hums in"]);
});
