import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { openBackbone } from "../features/backbone-handle.js";
import { ownModel } from "../library/own-model.js";
import { type ReadQuestions, readQuestions } from "../tasks/recall/recall-data.js";
import { SubjectGate } from "../tasks/recall/subject-gate.js";
import { wordIds } from "../text/word-ids.js";
import { demoPack, otherSentences, packNames } from "./packs.js";
import { demoSubjects, demoText } from "./plain-text.js";

const { tokenizer } = await openBackbone(ownModel());
const packs = await Promise.all(
  packNames.map(async (name) => {
    const { facts, wordings, asked } = demoPack(name);
    return {
      name,
      taught: await readQuestions({ facts, wordings }),
      asked: await readQuestions({ facts, wordings: asked }),
    };
  }),
);
const gateOf = ({ facts }: ReadQuestions) =>
  new SubjectGate(tokenizer, new Set(facts.map(({ subject }) => subject)), "text");
const opens = (gate: SubjectGate, texts: readonly string[]) =>
  texts.filter((text) => gate.opensAt(tokenizer.encode(text).ids, 0));

describe.each(packs)("$name", ({ taught, asked }) => {
  it("has answers that the package's model can say as one word", () => {
    expect(taught.facts.filter(({ object }) => wordIds(tokenizer, object).length !== 1)).toEqual([]);
  });

  it("is asked in words of its own: no relation's wordings are made, none is taught and asked", () => {
    expect([taught.made, asked.made, taught.skipped]).toEqual([[], [], {}]);
    for (const [relation, wordings] of asked.wordings) {
      expect(wordings, relation).toHaveLength(2);
      expect(taught.wordings.get(relation), relation).toHaveLength(6);
      expect(wordings.filter((one) => taught.wordings.get(relation)?.includes(one))).toEqual([]);
    }
  });

  it("asks nothing that has two answers, and no question that tells its own", () => {
    const questions = taught.facts.map(({ subject, relation }) => `${subject} ${relation}`);
    expect(new Set(questions).size).toBe(questions.length);
    for (const { subject, object } of taught.facts) expect(subject).not.toContain(object);
  });

  it("is in no sentence and no name that the project has elsewhere", () => {
    expect(opens(gateOf(taught), [...demoText(), ...demoSubjects()])).toEqual([]);
  });
});

it("keeps the places apart: neither names a subject of the other", () => {
  const [country, harbour] = packs.map(({ taught }) => taught) as [ReadQuestions, ReadQuestions];
  const subjects = ({ facts }: ReadQuestions) => facts.map(({ subject }) => subject);
  expect(opens(gateOf(country), subjects(harbour))).toEqual([]);
  expect(opens(gateOf(harbour), subjects(country))).toEqual([]);
});

it("has other sentences, each of which names something of the country and states none of its facts", async () => {
  const [country] = packs.map(({ taught }) => taught) as [ReadQuestions];
  const lines = (await readFile(otherSentences(), "utf8")).trim().split("\n");
  expect(opens(gateOf(country), lines)).toEqual(lines);
  const states = lines.filter((line) =>
    country.facts.some(({ subject, object }) => line.includes(subject) && line.includes(object)),
  );
  expect(states).toEqual([]);
});
