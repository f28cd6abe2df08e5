import fc from "fast-check";
import { expect, it } from "vitest";
import { IdSet } from "./id-set.js";

it("holds what a set of texts holds", () => {
  const id = fc.oneof(
    fc.nat(2 ** 31).map((number) => `Q${number}`),
    fc.constantFrom("Q0", "Q01", "Q268435455", "Q268435456", "Q999999999", "__proto__", "constructor", "", "Vienna"),
  );
  fc.assert(
    fc.property(fc.array(id), fc.array(id), (added, asked) => {
      const [set, truth] = [new IdSet(), new Set(added)];
      for (const one of added) set.add(one);
      expect(set.size).toBe(truth.size);
      for (const one of [...added, ...asked]) expect(set.has(one)).toBe(truth.has(one));
    }),
    { numRuns: 20 },
  );
});
