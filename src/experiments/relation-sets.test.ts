import { describe, expect, it } from "vitest";
import type { RelationExample } from "../data/relation-example.js";
import { relationLabels } from "../tasks/relations/factual.js";
import { perClass, pretrainingSets, shuffledLabels, splitRelations } from "./relation-sets.js";

/** `each` sentences of each of so many relations, all with entities of their own. */
function examples(relations: number, each: number, name = ""): RelationExample[] {
  return Array.from({ length: relations * each }, (_, i) => {
    const [subject, object] = [`a${name}${i}`, `b${name}${i}`];
    return {
      text: `${subject} knows ${object} .`,
      subject: { start: 0, end: subject.length },
      object: { start: subject.length + 7, end: subject.length + 7 + object.length },
      relation: `P${i % relations}`,
      where: `made:${i}`,
    };
  });
}

const options = { unseen: 3, perUnseen: 5, seed: 1 };

describe("splitRelations", () => {
  it("keeps relations, sentences and pairs of the tests out of what is learnt, and counts them", () => {
    const all = examples(8, 10);
    const plain = splitRelations(all, all, [], options);
    expect(plain.unseenRelations).toHaveLength(3);
    expect(plain.unseen).toHaveLength(15);
    expect(plain.known).toHaveLength(50);
    expect(relationLabels(plain.known).some((name) => plain.unseenRelations.includes(name))).toBe(false);
    expect(plain.left).toEqual({ "unseen-relation": 30, "sentence-in-test": 0, "pair-in-test": 0 });

    const [learnt] = plain.known as [RelationExample];
    const [tested] = plain.unseen as [RelationExample];
    // Another sentence about a tested pair, the other way round; and a learnt sentence with other case and spaces.
    const turned = { ...tested, relation: learnt.relation, text: `${tested.text} It is so.` };
    const swapped = { ...turned, subject: tested.object, object: tested.subject };
    const tests = [{ ...learnt, text: learnt.text.toUpperCase().replace(" .", ".") }];
    const split = splitRelations([...all, swapped], all, tests, options);
    expect(split.left).toEqual({ "unseen-relation": 30, "sentence-in-test": 1, "pair-in-test": 1 });
    expect(split.known).toEqual(plain.known.slice(1));
  });

  it("takes relations by name", () => {
    const all = examples(4, 10);
    const split = splitRelations(all, all, [], { ...options, unseen: ["P2"] });
    expect(split.unseenRelations).toEqual(["P2"]);
    expect(split.unseen.every(({ relation }) => relation === "P2")).toBe(true);
  });
});

describe("pretrainingSets", () => {
  const known = examples(10, 60);
  const sets = pretrainingSets(known, [2, 5, "all"], 1000, 3);

  it("makes sets of one size, the smaller number of relations within the larger, subjects apart", () => {
    const sizes = [...sets.values()].map(({ train }) => train.length);
    expect(new Set(sizes).size).toBe(1);
    expect(sizes[0]).toBeGreaterThan(80);
    expect([...sets.values()].map(({ labels }) => labels.length)).toEqual([2, 5, 10]);
    expect(sets.get(5)?.labels).toEqual(expect.arrayContaining([...(sets.get(2)?.labels ?? [])]));
    for (const { train, dev } of sets.values()) {
      const subjects = new Set(train.map(({ text }) => text.split(" ")[0]));
      expect(dev.filter(({ text }) => subjects.has(text.split(" ")[0]))).toEqual([]);
    }
  });

  it("spreads sentences evenly", () => {
    const { train = [], labels = [] } = sets.get("all") ?? {};
    const counts = labels.map((label) => train.filter(({ relation }) => relation === label).length);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
  });
});

it("shuffledLabels keeps how many there are of each, and not where", () => {
  const all = examples(5, 20);
  const shuffled = shuffledLabels(all, 1);
  const names = (some: readonly RelationExample[]) => some.map(({ relation }) => relation);
  expect(names(shuffled).sort()).toEqual(names(all).sort());
  const same = shuffled.filter(({ relation }, i) => relation === all[i]?.relation).length;
  expect(same).toBeLessThan(50);
  expect(shuffled.map(({ text }) => text)).toEqual(all.map(({ text }) => text));
  expect(shuffledLabels(all, 1)).toEqual(shuffled);
  expect(shuffledLabels(all, 2)).not.toEqual(shuffled);
});

it("perClass draws at most so many of each", () => {
  const all = [...examples(3, 10), ...examples(1, 2, "x").map((one) => ({ ...one, relation: "rare" }))];
  const drawn = perClass(all, 4, 1);
  const count = (name: string) => drawn.filter(({ relation }) => relation === name).length;
  expect(["P0", "P1", "P2", "rare"].map(count)).toEqual([4, 4, 4, 2]);
  expect(perClass(all, 4, 2)).not.toEqual(drawn);
});
