/**
 * Facts that are read: taught from sentences that state them, in which no subject of LAMA's clean fifth is named, and
 * asked by LAMA's templates, which were never read.
 * @module
 */
import { factKey } from "../../data/fact.js";
import type { LamaFact, LamaRelation } from "../../data/lama.js";
import { inProbedFifth } from "../../data/lama-filters.js";
import type { Wordings } from "../../data/wordings.js";
import { probeLama } from "../../probing/lama.js";
import { type ReadQuestions, readQuestions } from "../../tasks/recall/recall-data.js";
import type { JsonObject } from "../../tasks/task.js";
import { asStored } from "../../training/training-record.js";
import { DataFiles } from "../data-files.js";
import { type LamaQuestions, readLamaQuestions } from "../lama-questions.js";
import { unprobedSamples } from "../unprobed.js";
import { type Classroom, nameOf, type Own, of, type Taught } from "./classroom.js";
import { type ReadingGroup, type ReadingScores, readingGroups } from "./plan.js";

/** What is taught, and how. */
interface Lesson {
  readonly wordings: Wordings;
  readonly own: Own;
}

export async function reading(room: Classroom): Promise<void> {
  const { plan } = room;
  const { file, lama } = await cleanSentences(room);
  const read = await readQuestions({ facts: file });
  const asked = await readLamaQuestions(lama, ["trex"]);
  const rows: Readonly<Record<string, Lesson>> = {
    sentences: { wordings: new Map(), own: {} },
    "sentences, no gate": { wordings: new Map(), own: { teaching: { neighbours: "prior" } } },
    "sentences, and wordings that are not LAMA's": { wordings: withoutTemplates(plan.pool.taught, asked), own: {} },
  };
  for (const [row, { wordings, own }] of Object.entries(rows)) {
    for (const seed of plan.seeds) {
      const questions = { ...read, wordings };
      const taught = await room.teachQuestions(nameOf("reading", row, seed), read.facts, questions, seed, own);
      room.tellRead({
        ...{ row, seed, facts: read.facts.length, sentences: sentencesOf(read) },
        ...{ metrics: taught.metrics, groups: await askLama(room, taught, asked) },
      });
    }
  }
}

/** A sample of the sentences, without those that name a subject of LAMA's clean fifth. */
export async function cleanSentences({ plan, laboratory }: Classroom) {
  if (plan.reading === null) throw new Error("nothing is given to be read");
  const { sentences, lama, most } = plan.reading;
  const { clean } = await unprobedSamples(new DataFiles(laboratory, plan.training().out), lama);
  return { file: await clean("sentences", sentences, most), lama };
}

const sentencesOf = ({ facts }: ReadQuestions) => facts.reduce((sum, { sentences = [] }) => sum + sentences.length, 0);

const words = (template: string | null) => template?.replaceAll(/[\s.]+/g, " ").trim();

/** Wordings of the relations, without those that LAMA asks in. */
function withoutTemplates(wordings: Wordings, { relations }: LamaQuestions): Wordings {
  const asked = new Map(relations.flatMap(([, own]) => own.map(({ name, template }) => [name, words(template)])));
  return new Map(
    [...wordings].map(([relation, all]) => [relation, all.filter((one) => words(one) !== asked.get(relation))]),
  );
}

async function askLama(
  room: Classroom,
  taught: Taught,
  questions: LamaQuestions,
): Promise<Readonly<Record<ReadingGroup, ReadingScores>>> {
  const { facts: limit } = room.plan.asked;
  const read = new Set(taught.facts.map(factKey));
  const groupOf = (fact: LamaFact): ReadingGroup => {
    if (inProbedFifth(fact.subject)) return "clean";
    return read.has(factKey(fact)) ? "read" : "unread";
  };
  const relations = questions.relations.flatMap(([, own]) => own);
  const identity = { ...questions.identity, adapter: taught.hash, limit };
  const groups = await room.laboratory.cells.get(`${taught.name}.lama`, identity, () =>
    room.withModel([taught], async (model, _, how) => {
      const found: Partial<Record<ReadingGroup, ReadingScores>> = {};
      for (const group of readingGroups) {
        const { macro } = await probeLama(
          model,
          only(relations, (fact) => groupOf(fact) === group),
          {
            ...{ answers: "vocabulary", subjects: "all", uhn: "off", multiToken: false, consistency: false },
            ...{ vocabulary: questions.vocabulary, limit, ...how },
          },
        );
        found[group] = { before: of(macro, "none"), after: of(macro, taught.name) };
      }
      return asStored<JsonObject>(found);
    }),
  );
  return groups as unknown as Readonly<Record<ReadingGroup, ReadingScores>>;
}

const only = (relations: readonly LamaRelation[], test: (fact: LamaFact) => boolean): readonly LamaRelation[] =>
  relations.map((relation) => ({ ...relation, facts: relation.facts.filter(test) }));
