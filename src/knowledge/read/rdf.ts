/**
 * What the triples of RDF say, Wikidata's and others'.
 * @module
 */
import { knowledgeBounds } from "../../files/bounds.js";
import type { TripleObject } from "../knowledge.js";
import { isUsable, type LeftOut, type NameRank, type Statement, usableText } from "../statement.js";
import { dateOf, numberOf } from "../values.js";

/** The object of a triple of RDF. */
export type RdfTerm =
  | { readonly kind: "iri"; readonly value: string }
  | { readonly kind: "blank" }
  /** Both are empty where there is none. */
  | { readonly kind: "literal"; readonly value: string; readonly language: string; readonly datatype: string };

const entityBase = "http://www.wikidata.org/entity/";
const directBase = "http://www.wikidata.org/prop/direct/";
const wikidata = /^https?:\/\/www\.wikidata\.org\//;
const xsd = "http://www.w3.org/2001/XMLSchema#";
const rdfType = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
const label = "http://www.w3.org/2000/01/rdf-schema#label";
const otherLabel = "http://www.w3.org/2004/02/skos/core#altLabel";
const instanceOf = "P31";

/** Predicates that name things. */
const nameRanks: ReadonlyMap<string, NameRank> = new Map([
  [label, 0],
  ["http://www.w3.org/2004/02/skos/core#prefLabel", 0],
  ["http://schema.org/name", 0],
  ["https://schema.org/name", 0],
  ["http://xmlns.com/foaf/0.1/name", 0],
  [otherLabel, 2],
  ["http://schema.org/alternateName", 2],
  ["https://schema.org/alternateName", 2],
]);

/** Predicates that describe things in sentences. */
const descriptions: ReadonlySet<string> = new Set([
  "http://www.w3.org/2000/01/rdf-schema#comment",
  "http://schema.org/description",
  "https://schema.org/description",
  "http://purl.org/dc/terms/description",
  "http://purl.org/dc/elements/1.1/description",
  "http://dbpedia.org/ontology/abstract",
]);

const dates = new Set(["dateTime", "date", "gYear", "gYearMonth"]);
const numbers =
  /^(decimal|double|float|(positive|negative|nonPositive|nonNegative)?[iI]nteger|(unsigned)?[lL]ong|(unsigned)?[iI]nt|(unsigned)?[sS]hort|(unsigned)?[bB]yte)$/;

/**
 * Turns triples into statements. Wikidata's items and properties have their short ids (`Q42`, `P36`), all else its IRI. Of
 * Wikidata the truthy statements (`wdt:`) are facts, `rdfs:label` and `skos:altLabel` names, and `P31` gives types; of
 * others every triple is one but for names and descriptions, and `rdf:type` gives types.
 */
export class RdfStatements {
  readonly #language: string;

  /** @param language of names and texts */
  constructor(language: string) {
    this.#language = language.toLowerCase();
  }

  /**
   * Adds what a triple says; or gives why it is left out.
   *
   * @param subject IRI; null for a blank node
   */
  add(subject: string | null, predicate: string, object: RdfTerm, into: Statement[]): LeftOut | null {
    if (subject === null) return "no-fact";
    if (subject.startsWith(entityBase)) return this.#wikidata(subject, predicate, object, into);
    // Nodes of statements, references and dumps.
    return wikidata.test(subject) ? "no-fact" : this.#other(subject, predicate, object, into);
  }

  #wikidata(subject: string, predicate: string, object: RdfTerm, into: Statement[]): LeftOut | null {
    const id = subject.slice(entityBase.length);
    const isItem = id.startsWith("Q");
    if (predicate === label && id.startsWith("P")) return this.#relation(id, object, into);
    if (!isItem) return "about-no-item";
    if (predicate === label || predicate === otherLabel)
      return this.#name(id, predicate === label ? 0 : 2, object, into);
    if (!predicate.startsWith(directBase)) return "no-fact";
    const relation = predicate.slice(directBase.length);
    const found = this.#wikidataObject(object);
    if (typeof found === "string") return found;
    if (relation === instanceOf && found.kind === "entity") into.push({ kind: "type", entity: id, type: found.id });
    into.push({ kind: "triple", subject: id, relation, object: found });
    return null;
  }

  #wikidataObject(object: RdfTerm): TripleObject | LeftOut {
    if (object.kind === "blank") return "unknown-value";
    if (object.kind === "iri") {
      if (!object.value.startsWith(entityBase)) return "other-kind-of-value";
      const id = object.value.slice(entityBase.length);
      return id.startsWith("Q") ? { kind: "entity", id } : "about-no-item";
    }
    const value = this.#value(object);
    // A truthy statement does not tell how exact its date is: a year is written as its first day.
    return typeof value === "object" && value.kind === "date"
      ? { kind: "date", value: value.value.replace(/(-01)?-01$/, "") }
      : value;
  }

  #other(subject: string, predicate: string, object: RdfTerm, into: Statement[]): LeftOut | null {
    if (!isUsable(subject) || !isUsable(predicate)) return "unusable-text";
    const rank = nameRanks.get(predicate);
    if (rank !== undefined) return this.#name(subject, rank, object, into);
    if (object.kind === "blank" || descriptions.has(predicate)) return "no-fact";
    const found = object.kind === "iri" ? entityOf(object.value) : this.#value(object);
    if (typeof found === "string") return found;
    if (predicate === rdfType && found.kind === "entity") into.push({ kind: "type", entity: subject, type: found.id });
    into.push({ kind: "triple", subject, relation: predicate, object: found });
    return null;
  }

  /** The rank of a name in a language; null where it is not wanted. `mul` serves for all languages. */
  #rank(language: string, rank: NameRank): NameRank | null {
    const given = language.toLowerCase();
    if (given === "" || given === this.#language) return rank;
    return given === "mul" ? (rank === 0 ? 1 : rank) : null;
  }

  #name(entity: string, given: NameRank, object: RdfTerm, into: Statement[]): LeftOut | null {
    if (object.kind !== "literal") return "no-fact";
    const rank = this.#rank(object.language, given);
    if (rank === null) return "other-language";
    const name = object.value.trim();
    if (!isUsable(name)) return "unusable-text";
    into.push({ kind: "name", entity, name, rank });
    return null;
  }

  #relation(id: string, object: RdfTerm, into: Statement[]): LeftOut | null {
    if (object.kind !== "literal" || this.#rank(object.language, 0) !== 0) return "other-language";
    const text = object.value.trim();
    if (!isUsable(text)) return "unusable-text";
    into.push({ kind: "relation", id, label: text });
    return null;
  }

  #value({ value, language, datatype }: Extract<RdfTerm, { kind: "literal" }>): TripleObject | LeftOut {
    if (language !== "" && this.#rank(language, 0) === null) return "other-language";
    const type = datatype.startsWith(xsd) ? datatype.slice(xsd.length) : datatype;
    if (type === "boolean") return "true-or-false";
    if (dates.has(type)) return valueOrNot("date", dateOf(value));
    if (numbers.test(type)) return valueOrNot("number", numberOf(value));
    if (language === "" && type !== "" && type !== "string") return "other-kind-of-value";
    return value.length > knowledgeBounds.text ? "long-text" : valueOrNot("text", usableText(value));
  }
}

const entityOf = (id: string): TripleObject | LeftOut => (isUsable(id) ? { kind: "entity", id } : "unusable-text");

const valueOrNot = (kind: "date" | "number" | "text", value: string | null): TripleObject | LeftOut =>
  value === null ? "unusable-text" : { kind, value };
