import fc from "fast-check";
import { expect, it } from "vitest";
import { mostPassedOver, nextBatch, type Waiting, waitingFor } from "./next-batch.js";

let next = 0;
/** An item whose text is like no other's, unless one is given. */
function waiting(length: number, { form = "any", first = next++ }: { form?: string; first?: number } = {}): Waiting {
  const inputIds = Array.from({ length }, (_, i) => (i === 0 ? first : i));
  const width = form.startsWith("fixed") ? Number(form.split(" ")[1]) : null;
  return waitingFor({ texts: [{ inputIds }] }, { form, width });
}

it("takes the oldest and those of the nearest lengths, within the budget of padded tokens", () => {
  const queue = [10, 40, 11, 9, 30, 10].map((length) => waiting(length));
  expect(nextBatch(queue, 44)).toEqual([0, 2, 3, 5]);
  expect(nextBatch(queue, 1)).toEqual([0]);
  expect(nextBatch([], 44)).toEqual([]);
});

it("counts equal texts once", () => {
  const queue = [waiting(10, { first: 7 }), waiting(10), waiting(10, { first: 7 }), waiting(10, { first: 7 })];
  expect(nextBatch(queue, 10)).toEqual([0, 2, 3]);
});

it("keeps forms of padding apart, and reckons with their width", () => {
  const fixed = () => waiting(3, { form: "fixed 20" });
  const queue = [fixed(), waiting(3), fixed(), fixed()];
  expect(nextBatch(queue, 40)).toEqual([0, 2]);
});

it("passes nobody over more than twice", () => {
  const queue = [waiting(2), waiting(90), ...Array.from({ length: 6 }, () => waiting(2))];
  const batches: number[][] = [];
  let left = queue.map((one, i) => ({ one, i }));
  while (left.length > 0) {
    const chosen = new Set(
      nextBatch(
        left.map(({ one }) => one),
        4,
      ),
    );
    batches.push(left.filter((_, i) => chosen.has(i)).map(({ i }) => i));
    left = left.filter((_, i) => !chosen.has(i));
  }
  expect(batches).toEqual([[0, 2], [1], [3, 4], [5, 6], [7]]);
});

it("answers all, in whatever order and form they come", () => {
  const one = fc.record({
    length: fc.integer({ min: 1, max: 60 }),
    form: fc.constantFrom("any", "fixed 60", "exact 5"),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 30 }), fc.integer({ min: 1, max: 200 }), (given, budget) => {
      let queue = given.map(({ length, form }) => waiting(form === "exact 5" ? 5 : length, { form }));
      while (queue.length > 0) {
        const before = queue.map(({ passedOver }) => passedOver);
        const chosen = nextBatch(queue, budget);
        expect(chosen[0]).toBe(0);
        const batch = chosen.map((i) => queue[i] as Waiting);
        expect(new Set(batch.map(({ padding }) => padding.form)).size).toBe(1);
        const width = Math.max(...batch.map(({ length, padding }) => padding.width ?? length));
        if (batch.length > 1) expect(width * batch.length).toBeLessThanOrEqual(budget);
        for (const [i, { passedOver }] of queue.entries()) {
          if (!chosen.includes(i)) expect(passedOver).toBeLessThanOrEqual(Math.max(mostPassedOver, before[i] ?? 0));
        }
        queue = queue.filter((_, i) => !chosen.includes(i));
      }
    }),
    { numRuns: 100 },
  );
});
