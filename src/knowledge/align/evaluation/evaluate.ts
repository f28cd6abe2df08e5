/**
 * Measures an aligner on documents whose mentions and facts people have marked.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { Aligner } from "../aligner.js";
import type { AlignedDocument } from "../document.js";
import type { FactFilter } from "../fact-view.js";
import { findNode } from "../nodes.js";
import type { AlignOptions } from "../options.js";
import { type AlignTables, buildTables } from "../tables.js";
import { firstTriple } from "../triple-table.js";
import { idOf, knowledgeOf, type MarkedKnowledge, type NamedFact } from "./marked-knowledge.js";
import type { MarkedDocument } from "./redocred.js";
import { type Rates, Tally } from "./tally.js";

/** Which facts the aligner knows of a document: those marked in it, or those marked in others. */
export type KnownFacts = "same" | "other";

export interface EvaluationOptions extends Partial<AlignOptions> {
  readonly facts: KnownFacts;
  /** Every name of an entity, or its label alone. */
  readonly allNames: boolean;
}

/** Shares from 0 to 1. */
export interface AlignEvaluation {
  readonly documents: number;
  /** Mentions at the marked place, of the marked entity. */
  readonly mentions: Rates;
  /** Facts of a document that it states in a sentence. */
  readonly facts: Rates;
  /** Of the pairs that were found for true facts, those in whose sentence both entities are marked. */
  readonly stated: number;
  /** The same for each relation, the most frequent first. */
  readonly relations: readonly ({ readonly relation: string } & Rates)[];
  /** What was left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** @param signal ends it early */
export async function evaluateAligner(
  documents: readonly MarkedDocument[],
  { facts: known, allNames, ...options }: EvaluationOptions,
  where: string,
  signal?: AbortSignal,
): Promise<AlignEvaluation> {
  const knowledge = knowledgeOf(documents, allNames, where);
  const tables = await buildTables(knowledge.source, { types: options.types ?? "learn" });
  const aligner = new Aligner(tables, options);
  const origins = new FactOrigins(tables, knowledge);
  const scores = new Scores();
  for (const [i, document] of documents.entries()) {
    // Lets Ctrl-C be heard.
    if (i % 50 === 0) await setImmediate();
    signal?.throwIfAborted();
    const aligned = aligner.align({ ...document, id: String(i) }, origins.filter(i, known));
    const knownHere = knowledge.facts[i]!.filter((fact) => known === "same" || origins.isKnownElsewhere(fact, i));
    scores.add(document, knowledge.ids[i]!, knownHere, knowledge.facts[i]!, aligned);
  }
  return { documents: documents.length, ...scores.result(), skipped: tables.counts.skipped };
}

/** Which documents know which triple. */
class FactOrigins {
  readonly #documents = new Map<number, Set<number>>();
  /** Triples that only one document knows. */
  readonly #own = new Map<number, number[]>();

  constructor(
    private readonly tables: AlignTables,
    { facts }: MarkedKnowledge,
  ) {
    for (const [document, ofIt] of facts.entries()) {
      for (const fact of ofIt) {
        const triple = this.number(fact);
        const known = this.#documents.get(triple);
        if (known) known.add(document);
        else this.#documents.set(triple, new Set([document]));
      }
    }
    for (const [triple, documents] of this.#documents) {
      const [only] = documents.size === 1 ? documents : [];
      if (only !== undefined) this.#own.set(only, [...(this.#own.get(only) ?? []), triple]);
    }
  }

  private number({ subject, relation, object }: NamedFact): number {
    const { triples, nodes, relations } = this.tables;
    const from = findNode(nodes, "entity", subject);
    const to = findNode(nodes, object.kind, idOf(object));
    if (from < 0 || to < 0 || from === to) return -1;
    let at = firstTriple(triples, from, to);
    while (at < triples.starts[from + 1]! && relations[triples.relations[at]!] !== relation) at++;
    return at;
  }

  isKnownElsewhere(fact: NamedFact, document: number): boolean {
    const documents = this.#documents.get(this.number(fact));
    return documents !== undefined && (documents.size > 1 || !documents.has(document));
  }

  filter(document: number, known: KnownFacts): FactFilter {
    const { degrees, starts, objects } = this.tables.triples;
    if (known === "same") {
      return {
        allows: (triple) => this.#documents.get(triple)?.has(document) ?? false,
        degree: (node) => degrees[node]!,
      };
    }
    const own = new Set(this.#own.get(document));
    const hidden = new Map<number, number>();
    for (const triple of own) {
      for (const node of [subjectOf(starts, triple), objects[triple]!]) hidden.set(node, (hidden.get(node) ?? 0) + 1);
    }
    return { allows: (triple) => !own.has(triple), degree: (node) => degrees[node]! - (hidden.get(node) ?? 0) };
  }
}

/** Whose triples begin at a place or before it. */
function subjectOf(starts: Uint32Array, triple: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (starts[middle + 1]! <= triple) low = middle + 1;
    else high = middle;
  }
  return low;
}

const key = (...parts: readonly (string | number)[]): string => parts.join("\t");

const factKey = ({ subject, relation, object }: NamedFact): string => key(subject, relation, idOf(object));

class Scores {
  readonly #mentions = new Tally();
  readonly #facts = new Tally();
  readonly #stated = new Tally();
  readonly #relations = new Map<string, Tally>();

  add(
    document: MarkedDocument,
    ids: readonly string[],
    known: readonly NamedFact[],
    all: readonly NamedFact[],
    aligned: AlignedDocument,
  ): void {
    const marked = new Set<string>();
    const inSentence = document.sentences.map(() => new Set<string>());
    for (const [i, { mentions }] of document.entities.entries()) {
      for (const { start, end, sentence } of mentions) {
        marked.add(key(start, end, ids[i]!));
        inSentence[sentence]!.add(ids[i]!);
      }
    }
    const isStated = ({ subject, object }: NamedFact) =>
      inSentence.some((there) => there.has(subject) && there.has(idOf(object)));
    this.#mentions.add(mentionKeys(aligned), marked);
    const found = foundFacts(aligned);
    this.addFacts(new Set(found.map(({ fact }) => fact)), new Set(known.filter(isStated).map(factKey)));
    const labels = new Set(all.map(factKey));
    for (const { fact, subject, object, at } of found) {
      if (!labels.has(fact)) continue;
      const there = inSentence[document.sentences.findLastIndex(({ start }) => start <= at)];
      this.#stated.count(there?.has(subject) === true && there.has(object));
    }
  }

  private addFacts(found: ReadonlySet<string>, stated: ReadonlySet<string>): void {
    this.#facts.add(found, stated);
    const byRelation = (facts: ReadonlySet<string>, relation: string) =>
      new Set([...facts].filter((fact) => fact.split("\t")[1] === relation));
    for (const relation of new Set([...found, ...stated].map((fact) => fact.split("\t")[1]!))) {
      const tally = this.#relations.get(relation) ?? new Tally();
      this.#relations.set(relation, tally);
      tally.add(byRelation(found, relation), byRelation(stated, relation));
    }
  }

  result(): Pick<AlignEvaluation, "mentions" | "facts" | "stated" | "relations"> {
    const relations = [...this.#relations].map(([relation, tally]) => ({ relation, ...tally.rates() }));
    return {
      mentions: this.#mentions.rates(),
      facts: this.#facts.rates(),
      stated: this.#stated.rates().precision,
      relations: relations.sort((a, b) => b.expected - a.expected || (a.relation < b.relation ? -1 : 1)),
    };
  }
}

const mentionKeys = ({ sentences }: AlignedDocument): ReadonlySet<string> =>
  new Set(sentences.flatMap(({ start, mentions }) => mentions.map((m) => key(start + m.start, start + m.end, m.id))));

/** Facts by sentence; `at` is where the subject stands in the document. */
const foundFacts = ({ sentences }: AlignedDocument) =>
  sentences.flatMap(({ start, mentions, pairs }) =>
    pairs.flatMap(({ subject, object, relation }) => {
      const [one, other] = [mentions[subject]!, mentions[object]!];
      if (relation === null) return [];
      const fact = key(one.id, relation, other.id);
      return [{ fact, subject: one.id, object: other.id, at: start + one.start }];
    }),
  );
