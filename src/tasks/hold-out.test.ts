import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../random.js";
import { holdOut } from "./hold-out.js";

interface Fact {
  readonly subject: string;
  readonly relation: string;
}

const set = (examples: readonly Fact[]) => ({ where: "facts.json", examples, skipped: {} });
const options = (seed: number) => ({
  seed,
  together: ({ subject }: Fact) => subject,
  label: ({ relation }: Fact) => relation,
});
const facts = (count: number, subjects: number, relations: number): Fact[] =>
  Array.from({ length: count }, (_, i) => ({ subject: `s${i % subjects}`, relation: `r${i % relations}` }));

/** What was held out when everything was in memory, by the same draws: the indices, in order. */
function heldOutPlainly(all: readonly Fact[], wanted: number, seed: number): readonly number[] {
  const groups = new Map<string, number[]>();
  const left = new Map<string, number>();
  for (const [i, { subject, relation }] of all.entries()) {
    groups.set(subject, [...(groups.get(subject) ?? []), i]);
    left.set(relation, (left.get(relation) ?? 0) + 1);
  }
  const held: number[] = [];
  for (const members of new RandomStream(seed, "hold-out").shuffle([...groups.values()])) {
    if (held.length + members.length > wanted) continue;
    const lost = (relation: string) => members.filter((i) => all[i]?.relation === relation).length;
    if (members.some((i) => left.get(all[i]?.relation as string) === lost(all[i]?.relation as string))) continue;
    for (const i of members) {
      const { relation } = all[i] as Fact;
      left.set(relation, (left.get(relation) as number) - 1);
    }
    held.push(...members);
  }
  return held.sort((a, b) => a - b);
}

/** Parts of a set, in memory. */
function parted(set: Parameters<typeof holdOut<Fact>>[0], seed: number) {
  const { train, dev } = holdOut(set, options(seed));
  return { train: { ...train, examples: [...train.examples] }, dev: { ...dev, examples: [...dev.examples] } };
}

describe("holdOut", () => {
  it("takes a tenth, by whole subjects, the same for the same seed", () => {
    const all = facts(200, 50, 7);
    const { train, dev } = parted(set(all), 1);
    expect(dev.examples.length).toBe(20);
    expect(dev.heldOut).toEqual({ examples: 20, of: 200, together: true });
    const asked = new Set(dev.examples.map(({ subject }) => subject));
    expect(train.examples.filter(({ subject }) => asked.has(subject))).toEqual([]);
    expect(parted(set(all), 1)).toEqual({ train, dev });
    expect(parted(set(all), 2).dev.examples).not.toEqual(dev.examples);
  });

  it("takes the same examples for the same seed as ever", () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new RandomStream(seed, "facts");
      const all = Array.from({ length: 300 }, () => ({
        subject: `s${random.below(90)}`,
        relation: `r${random.below(40)}`,
      }));
      const held = heldOutPlainly(all, 30, seed);
      expect(held.length).toBeGreaterThan(15);
      expect(parted(set(all), seed).dev.examples).toEqual(held.map((i) => all[i]));
    }
  });

  it("takes single examples where a subject has nearly all of them", () => {
    const { dev } = parted(set(facts(100, 1, 2)), 1);
    expect(dev.heldOut).toEqual({ examples: 10, of: 100, together: false });
  });

  it("loses and doubles nothing, keeps the order, and leaves every relation something to learn from", () => {
    const fact = fc.record({
      subject: fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"),
      relation: fc.constantFrom("x", "y", "z"),
    });
    fc.assert(
      fc.property(fc.array(fact, { minLength: 20, maxLength: 80 }), fc.nat(), (all, seed) => {
        const { train, dev } = parted(set(all), seed);
        expect(dev.examples.length).toBeGreaterThan(0);
        const held = new Set(dev.examples);
        expect(train.examples).toEqual(all.filter((example) => !held.has(example)));
        const relations = (examples: readonly Fact[]) => new Set(examples.map(({ relation }) => relation));
        expect(relations(train.examples)).toEqual(relations(all));
      }),
    );
  });

  it("says in one line that there is too little", () => {
    expect(() => parted(set(facts(1, 1, 1)), 1)).toThrow(
      "facts.json: 1 example is too few to hold some out for evaluation; give examples for evaluation with dev",
    );
  });
});
