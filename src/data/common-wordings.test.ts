import { beforeAll, describe, expect, it } from "vitest";
import { commonWordings, readCommonWordings } from "./common-wordings.js";
import type { Wordings } from "./wordings.js";

/** A boss is asked for in many tables and is no property of Wikidata's. */
const withoutProperty = ["manager"];

let all: Wordings;
beforeAll(async () => {
  all = await readCommonWordings();
});
const namesOf = (relation: string) => relation.split("|");
/** What a reader would call the same sentence. */
const plain = (pattern: string) =>
  pattern
    .toLowerCase()
    .replace(/[^\p{L}\p{N}[\]]+/gu, " ")
    .trim();
const twice = (values: readonly string[]) => values.filter((value, at) => values.indexOf(value) !== at);

describe("the package's own wordings", () => {
  it("are of two hundred relations or more, each under a property of Wikidata's but for a few", () => {
    expect(all.size).toBeGreaterThanOrEqual(200);
    const first = [...all.keys()].map((relation) => namesOf(relation)[0] ?? "");
    expect(first.filter((name) => !/^P\d+$/.test(name))).toEqual(withoutProperty);
  });

  it("have no name that stands for two relations, and none that the spelling hides", () => {
    const names = [...all.keys()].flatMap(namesOf);
    const spelt = names.map((name) => name.replace(/[_\-\s]+/g, " ").toLowerCase());
    expect(twice(spelt)).toEqual([]);
    expect(names.filter((name) => name !== name.trim() || name === "")).toEqual([]);
  });

  it("are five or more of each, short, and none of them that of another relation", () => {
    const counts = [...all].filter(([, patterns]) => patterns.length < 5).map(([relation]) => relation);
    expect(counts).toEqual([]);
    const patterns = [...all.values()].flat();
    expect(twice(patterns.map(plain))).toEqual([]);
    expect(patterns.filter((one) => one.length > 200)).toEqual([]);
  });

  it("put no article before names whose first letter is unknown", () => {
    expect([...all.values()].flat().filter((one) => /\ban? \[[XY]\]/i.test(one))).toEqual([]);
  });

  it("serve causal models in both directions: three end behind the object, and one has the subject last", () => {
    const order = (patterns: readonly string[]) => patterns.map((one) => one.indexOf("[X]") < one.indexOf("[Y]"));
    const few = [...all].filter(([, patterns]) => {
      const forward = order(patterns).filter(Boolean).length;
      return forward < 3 || forward === patterns.length;
    });
    expect(few.map(([relation]) => relation)).toEqual([]);
  });
});

describe("commonWordings", () => {
  it("knows a relation by its property and by each name, however it is spelt", async () => {
    const capital = await commonWordings("P36");
    expect(capital).toContain("[X] is governed from its capital, [Y].");
    for (const name of ["capital", "Capital City", "capital_city", "capitalCity", " capital-city "]) {
      expect([name, await commonWordings(name)]).toEqual([name, capital]);
    }
    const unknown: string[] = [];
    for (const [relation, patterns] of all) {
      const first = patterns[0] ?? "";
      for (const name of namesOf(relation)) if (!(await commonWordings(name))?.includes(first)) unknown.push(name);
    }
    expect(unknown).toEqual([]);
  });

  it("tells a relation from its inverse, a place from a date, and a person's name from a thing's", async () => {
    const pairs = [
      ["P36", "P1376"],
      ["place of birth", "date of birth"],
      ["student", "student of"],
      ["owner", "owner of"],
      ["publisher", "publication date"],
    ] as const;
    for (const [one, other] of pairs) {
      const [own = [], others = []] = [await commonWordings(one), await commonWordings(other)];
      expect(own.length).toBeGreaterThanOrEqual(5);
      expect(own.filter((pattern) => others.includes(pattern))).toEqual([]);
    }
  });

  it.each(["hums in", "constructor", "", "language", "P0"])("knows none of %j", async (name) => {
    expect(await commonWordings(name)).toBeUndefined();
  });
});
