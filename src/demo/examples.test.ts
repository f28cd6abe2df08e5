import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRelations } from "../data/relation-data.js";
import type { RelationExample } from "../data/relation-example.js";
import { wiki80Record } from "../data/wiki80-writer.js";
import { demoData, demoExamples, demoRelations, demoSplits, splitOf, writeDemoData } from "./examples.js";
import { facts } from "./facts.js";
import { openings, patterns } from "./patterns.js";

const subjectOf = ({ text, subject }: RelationExample) => text.slice(subject.start, subject.end);
const objectOf = ({ text, object }: RelationExample) => text.slice(object.start, object.end);
const seeds = [0, 1, 42, 4711];
const all = { train: 1e9, dev: 1e9, test: 1e9 };

describe("facts", () => {
  it("are many, over many relations, each said once", () => {
    expect(facts.length).toBeGreaterThan(1000);
    expect(demoRelations.length).toBeGreaterThanOrEqual(10);
    expect([...new Set(facts.map((fact) => fact.relation))].sort()).toEqual(demoRelations);
    const keys = facts.map(({ subject, relation }) => `${relation}|${subject.text}`);
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it("have clean names", () => {
    for (const { subject, object } of facts) {
      for (const { text } of [subject, object]) {
        expect(text).toMatch(/^\S(.*\S)?$/);
        expect(text).toBe(text.normalize("NFC"));
        expect(text).not.toMatch(/[{}|@#]|\s\s/);
      }
    }
  });
});

describe("patterns", () => {
  const lists = Object.values(patterns);

  it("are six or more for each relation, and no two the same", () => {
    for (const own of lists) expect(own.train.length).toBeGreaterThanOrEqual(6);
    const every = lists.flatMap((own) => demoSplits.flatMap((split) => own[split]));
    expect(every.filter((pattern, index) => every.indexOf(pattern) !== index)).toEqual([]);
    for (const pattern of every) {
      expect(pattern.split("{s}"), pattern).toHaveLength(2);
      expect(pattern.split("{o}"), pattern).toHaveLength(2);
      expect(pattern, pattern).toMatch(/^[a-z{].*\.$/);
      const fields = [...pattern.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]!);
      for (const field of fields) expect(["s", "o", ...demoRelations]).toContain(field);
    }
  });

  it("are disjoint between the parts even as sentences without names", () => {
    const skeletons = (split: (typeof demoSplits)[number]) =>
      new Set(lists.flatMap((own) => own[split]).map((pattern) => pattern.replace(/\{[^}]+\}/g, "_")));
    for (const [a, b] of [
      ["train", "dev"],
      ["train", "test"],
      ["dev", "test"],
    ] as const) {
      expect([...skeletons(a)].filter((skeleton) => skeletons(b).has(skeleton))).toEqual([]);
      const shared = openings[a].filter((opening) => opening !== "" && openings[b].includes(opening));
      expect(shared).toEqual([]);
    }
  });

  it("put the object before the subject in a good part of each relation's test sentences or training", () => {
    for (const own of lists) {
      const reversed = [...own.train, ...own.test].filter((pattern) => pattern.indexOf("{o}") < pattern.indexOf("{s}"));
      expect(reversed.length).toBeGreaterThanOrEqual(2);
    }
  });
});

describe("demoData", () => {
  it.each(seeds)("keeps the parts' subjects and facts apart (seed %i)", (seed) => {
    const data = demoData({ seed, perRelation: all });
    const subjects = (split: (typeof demoSplits)[number]) =>
      new Set(data[split].map((example) => subjectOf(example).toLowerCase()));
    for (const [a, b] of [
      ["train", "dev"],
      ["train", "test"],
      ["dev", "test"],
    ] as const) {
      expect([...subjects(a)].filter((subject) => subjects(b).has(subject))).toEqual([]);
    }
    for (const split of demoSplits) {
      expect([...new Set(data[split].map((example) => example.relation))].sort()).toEqual(demoRelations);
    }
    expect(data.train.length + data.dev.length + data.test.length).toBeGreaterThan(facts.length);
  });

  it("marks exactly the names, and says only what is a fact", () => {
    const known = new Set(facts.map((f) => `${f.subject.text}|${f.relation}|${f.object.text}`.toLowerCase()));
    for (const split of demoSplits) {
      for (const example of demoExamples(split, { perRelation: all })) {
        const { text, subject, object, relation } = example;
        expect(known).toContain(`${subjectOf(example)}|${relation}|${objectOf(example)}`.toLowerCase());
        expect(subject.end <= object.start || object.end <= subject.start).toBe(true);
        expect(text).toMatch(/^\p{Lu}.*[^.]?\.$/u);
        expect(text).not.toMatch(/[{}]|\s\s|\b[Tt]he [Tt]he\b/);
      }
    }
  });

  it("has entity pairs that stand in several relations", () => {
    const relations = new Map<string, Set<string>>();
    for (const example of demoExamples("train", { perRelation: all })) {
      const pair = `${subjectOf(example)}|${objectOf(example)}`;
      relations.set(pair, (relations.get(pair) ?? new Set()).add(example.relation));
    }
    const several = [...relations.values()].filter((set) => set.size > 1);
    expect(several.length).toBeGreaterThan(50);
  });

  it("puts new facts in familiar patterns on demand", () => {
    const familiar = demoExamples("test", { perRelation: all, patternsOf: "train" });
    const subjects = new Set(demoExamples("train", { perRelation: all }).map((example) => subjectOf(example)));
    expect(familiar.filter((example) => subjects.has(subjectOf(example)))).toEqual([]);
    expect(familiar.some(({ text }) => text.startsWith("The capital of "))).toBe(true);
    expect(demoExamples("test", { patternsOf: "test" })).toEqual(demoExamples("test"));
  });

  it("follows from the seed alone, and keeps to the limits", () => {
    expect(demoData({ seed: 7 })).toEqual(demoData({ seed: 7 }));
    expect(demoData({ seed: 7 })).not.toEqual(demoData({ seed: 8 }));
    const few = demoExamples("train", { perRelation: { train: 3 } });
    expect(few).toHaveLength(3 * demoRelations.length);
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...facts), (seed, { subject }) => {
        expect(demoSplits).toContain(splitOf(subject, seed));
      }),
    );
  });
});

describe("writeDemoData", () => {
  it("writes Wiki80 files that read back as the same names and relations", async () => {
    const folder = mkdtempSync(join(tmpdir(), "kadapter-demo-"));
    try {
      const paths = await writeDemoData(folder);
      const data = demoData();
      const squeeze = (text: string) => text.replace(/\s/g, "");
      const essence = (example: RelationExample) =>
        [example.text, subjectOf(example), objectOf(example), example.relation].map(squeeze);
      for (const split of demoSplits) {
        const read: RelationExample[] = [];
        for await (const example of readRelations(paths[split])) read.push(example);
        expect(read.map(essence)).toEqual(data[split].map(essence));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("cuts words at the entities' borders", () => {
    const example = {
      text: "A-B's C.",
      subject: { start: 0, end: 1 },
      object: { start: 2, end: 3 },
      relation: "r",
      where: "",
    };
    expect(wiki80Record(example)).toEqual({
      token: ["A", "-", "B", "'", "s", "C", "."],
      h: { name: "A", id: "", pos: [0, 1] },
      t: { name: "B", id: "", pos: [2, 3] },
      relation: "r",
    });
  });
});
