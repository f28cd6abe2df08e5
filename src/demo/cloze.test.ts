import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { lamaQuery, readLama } from "../data/lama.js";
import { noSkips } from "../testing/no-skips.js";
import { clozeRelations, demoCloze, writeDemoCloze } from "./cloze.js";
import { demoExamples } from "./examples.js";
import { type Fact, facts } from "./facts.js";

const folder = mkdtempSync(join(tmpdir(), "kadapter-cloze-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sentences = demoExamples("train");
const questions = demoCloze(sentences);

describe("demoCloze", () => {
  it("asks each fact that a sentence states, once, but none with an article or with the answer in the question", () => {
    expect(questions.map(({ relation }) => relation)).toEqual(clozeRelations);
    for (const { relation, facts: own } of questions) {
      const asked = own.map(({ subject, object }) => `${subject.replace(/^the /, "")}|${object}`.toLowerCase());
      const said = sentences
        .filter((example) => example.relation === relation)
        .map(({ text, subject, object }) =>
          `${text.slice(subject.start, subject.end)}|${text.slice(object.start, object.end)}`.toLowerCase(),
        );
      const leftOut = ({ subject, object }: Fact) =>
        object.article || subject.text.toLowerCase().includes(object.text.toLowerCase());
      const others = facts.filter((fact) => fact.relation === relation && leftOut(fact));
      const left = new Set(others.map(({ subject, object }) => `${subject.text}|${object.text}`.toLowerCase()));
      expect([...asked].sort()).toEqual([...new Set(said)].filter((one) => !left.has(one)).sort());
    }
  });

  it("asks in words that no training sentence has, mask and names aside", () => {
    const all = sentences.map(({ text }) => text.toLowerCase()).join("\n");
    for (const { template, facts: own } of questions) {
      expect(template).toMatch(/^\p{Lu}|^\[Y\]/u);
      for (const { subject, object } of own) {
        const stated = template.replace("[X]", subject).replace("[Y]", object);
        expect(all.includes(stated.toLowerCase()), stated).toBe(false);
      }
    }
  });
});

it("writeDemoCloze writes a folder that reads back as LAMA", async () => {
  await writeDemoCloze(folder, questions);
  const read = await readLama(folder, "trex", { onSkip: noSkips });
  expect(
    read.map(({ name, template, facts }) => ({
      relation: name,
      template,
      facts: facts.map(({ subject, object }) => ({ subject, object })),
    })),
  ).toEqual(questions);
  const capital = read.find(({ name }) => name === "capital");
  expect(lamaQuery(capital!.template, capital!.facts[0]!)).toBe(
    "In [MASK], the capital, the flag of Afghanistan is seen everywhere.",
  );
});
