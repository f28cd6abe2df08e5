/**
 * Cloze questions about facts that the training sentences state, each in words that no training sentence has.
 * @module
 */
import { join } from "node:path";
import { answerInSubject } from "../data/lama-filters.js";
import type { RelationExample } from "../data/relation-example.js";
import { writeFileAtomically } from "../files/atomic.js";
import { facts } from "./facts.js";
import { patterns } from "./patterns.js";

/** The relations that are asked: their objects stand without an article and compete in moderate number. */
export const clozeRelations = [
  "capital",
  "continent",
  "country",
  "official language",
  "parent astronomical body",
] as const;

/** A relation's facts, and how they are asked: LAMA's form. */
export interface DemoCloze {
  readonly relation: string;
  /** `[X]` stands for the subject, `[Y]` for the mask. */
  readonly template: string;
  readonly facts: readonly { readonly subject: string; readonly object: string }[];
}

/** The facts that the sentences state, in the tables' order, to be asked in the first fitting pattern of the test. */
export function demoCloze(sentences: readonly RelationExample[]): readonly DemoCloze[] {
  const said = new Set(
    sentences.map(({ text, subject, object, relation }) =>
      key(relation, text.slice(subject.start, subject.end), text.slice(object.start, object.end)),
    ),
  );
  return clozeRelations.map((relation) => ({
    relation,
    template: templateOf(relation),
    facts: facts
      .filter((fact) => fact.relation === relation && !fact.object.article)
      // Mount Kenya says itself where it is.
      .filter(({ subject, object }) => !answerInSubject({ subject: subject.text, object: object.text }))
      .filter(({ subject, object }) => said.has(key(relation, subject.text, object.text)))
      .map(({ subject, object }) => ({
        subject: subject.article ? `the ${subject.text}` : subject.text,
        object: object.text,
      })),
  }));
}

// Names at the beginning of a sentence have a capital.
const key = (...parts: readonly string[]) => parts.join("|").toLowerCase();

/** A pattern that names nothing but subject and object, and does not begin with the subject, which may have an article. */
function templateOf(relation: string): string {
  const fitting = patterns[relation]?.test.find(
    (one) => /^[^{]*\{[so]\}[^{]*\{[so]\}[^{]*$/.test(one) && !/^\{s\}/.test(one),
  );
  if (fitting === undefined) throw new Error(`no test pattern of ${relation} can be asked`);
  return (fitting.charAt(0).toUpperCase() + fitting.slice(1)).replace("{s}", "[X]").replace("{o}", "[Y]");
}

/** Writes the questions as a folder of LAMA's data: a file of facts for each relation, and `relations.jsonl`. */
export async function writeDemoCloze(folder: string, questions: readonly DemoCloze[]): Promise<void> {
  const lines = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join("");
  for (const { relation, facts: asked } of questions) {
    const records = asked.map(({ subject, object }) => ({ sub_label: subject, obj_label: object }));
    await writeFileAtomically(join(folder, "TREx_template", `${relation}.jsonl`), lines(records));
  }
  const templates = questions.map(({ relation, template }) => ({ relation, template }));
  await writeFileAtomically(join(folder, "relations.jsonl"), lines(templates));
}
