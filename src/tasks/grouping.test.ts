import fc from "fast-check";
import { expect, it } from "vitest";
import { groupsOf, Numbering } from "./grouping.js";

it("numbers names in order of appearance, as a map does", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3, unit: "binary" }), { maxLength: 300 }), (names) => {
      const numbering = new Numbering();
      const distinct = [...new Set(names)];
      expect(names.map((name) => numbering.of(name))).toEqual(names.map((name) => distinct.indexOf(name)));
      expect(numbering.length).toBe(distinct.length);
    }),
  );
});

it("tells many names apart, the next of each other and the reversed too", () => {
  const numbering = new Numbering();
  const names = Array.from({ length: 30_000 }, (_, i) => [`Q${i}`, [...`Q${i}`].reverse().join(""), `Q${i} `]).flat();
  const different = new Set(names);
  for (const name of names) numbering.of(name);
  expect(numbering.length).toBe(different.size);
});

it("lists the members of each group, in order", () => {
  const groups = groupsOf(Uint32Array.of(2, 0, 2, 3, 0), 4);
  expect(Array.from({ length: groups.length }, (_, group) => [...groups.members(group)])).toEqual([
    [1, 4],
    [],
    [0, 2],
    [3],
  ]);
});
