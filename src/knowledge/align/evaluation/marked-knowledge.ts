/**
 * What marked documents know, as entities and triples.
 * @module
 */
import type { Entity, KnowledgeSource, Triple, TripleObject } from "../../knowledge.js";
import { Tokens } from "../tokens.js";
import { type FoundValue, ValueReader } from "../values.js";
import { joinEntities, type NamedEntity } from "./join-entities.js";
import type { MarkedDocument, MarkedEntity } from "./redocred.js";

/** A fact of a document, in the ids of all documents. */
export interface NamedFact {
  readonly subject: string;
  readonly relation: string;
  readonly object: TripleObject;
}

/** Knowledge made of documents; an entity that several of them name is one. */
export interface MarkedKnowledge {
  readonly source: KnowledgeSource;
  /** Of each document, its entities' ids, or values in their normal form. */
  readonly ids: readonly (readonly string[])[];
  /** Of each document, its facts. */
  readonly facts: readonly (readonly NamedFact[])[];
}

/**
 * @param allNames every name that any document has of an entity, or its labels alone: the longest name in each document
 */
export function knowledgeOf(documents: readonly MarkedDocument[], allNames: boolean, where: string): MarkedKnowledge {
  const all = documents.map((document) => {
    const subjects = new Set(document.facts.map(({ subject }) => subject));
    return document.entities.map((entity, i) => (subjects.has(i) ? null : markedValue(entity)) ?? namesOf(entity));
  });
  const ids = joinEntities(all.flat().filter((one) => "names" in one));
  const objects = all.map((ofDocument) =>
    ofDocument.map((one): TripleObject => ("names" in one ? { kind: "entity", id: ids.get(one)! } : one)),
  );
  const facts = documents.map((document, i) =>
    document.facts.flatMap(({ subject, relation, object }): NamedFact[] => {
      const [one, other] = [objects[i]![subject]!, objects[i]![object]!];
      // What one document tells apart may be one thing in others.
      const same = one.kind === "entity" && idOf(one) === idOf(other);
      return one.kind === "entity" && !same ? [{ subject: one.id, relation, object: other }] : [];
    }),
  );
  const source = sourceOf(entitiesOf(ids, allNames), facts.flat(), where);
  return { source, ids: objects.map((ofDocument) => ofDocument.map(idOf)), facts };
}

function namesOf({ mentions, type }: MarkedEntity): NamedEntity {
  const names = [...new Set(mentions.map(({ name }) => name))];
  return { names, label: names.reduce((longest, name) => (name.length > longest.length ? name : longest)), type };
}

/** Entities by id, with the names or labels that documents have of them. */
function entitiesOf(ids: ReadonlyMap<NamedEntity, string>, allNames: boolean): readonly Entity[] {
  const found = new Map<string, { readonly names: Set<string>; readonly types: Set<string> }>();
  for (const [{ names, label, type }, id] of ids) {
    const known = found.get(id) ?? { names: new Set<string>(), types: new Set<string>() };
    found.set(id, known);
    for (const name of allNames ? [label, ...names] : [label]) known.names.add(name);
    if (type !== "") known.types.add(type);
  }
  return [...found].map(([id, { names, types }]) => ({ id, names: [...names], types: [...types] }));
}

/** An entity's id, or a value. */
export const idOf = (object: TripleObject): string => (object.kind === "entity" ? object.id : object.value);

const sourceOf = (entities: readonly Entity[], facts: readonly Triple[], where: string): KnowledgeSource => ({
  where,
  relations: new Map(facts.map(({ relation }) => [relation, relation])),
  async *entities() {
    yield* entities;
  },
  async *triples() {
    yield* facts;
  },
});

const tokens = new Tokens();

/** The value of a date or a number whose names all say the same; null where it has none, such as `the 1990s`. */
function markedValue({ type, mentions }: MarkedEntity): TripleObject | null {
  if (type !== "TIME" && type !== "NUM") return null;
  const values = mentions.map(({ name }) => wholeValue(name));
  const first = values[0];
  if (!first || values.some((one) => one?.value !== first.value || one.kind !== first.kind)) return null;
  return { kind: first.kind, value: first.value };
}

function wholeValue(name: string): FoundValue | null {
  const value = tokens.read(name).count === 0 ? null : new ValueReader(name, tokens).at(0);
  return value?.length === tokens.count ? value : null;
}
