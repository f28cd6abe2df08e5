/**
 * What is known, as entities and triples, whatever it came from.
 * @module
 */

/** A thing that has names. */
export interface Entity {
  /** `Q142`, or its name where the source has no ids. */
  readonly id: string;
  /** At least one; the first is its label. */
  readonly names: readonly string[];
  /** Such as `Q6256` or `LOC`; empty where the source tells none. */
  readonly types: readonly string[];
}

/** What a triple says of its subject: another entity, or a value. */
export type TripleObject =
  | { readonly kind: "entity"; readonly id: string }
  /** `value`: a date as ISO 8601 as far as it is known (`1969`, `1969-07`, `1969-07-20`), a number in digits, or text. */
  | { readonly kind: "date" | "number" | "text"; readonly value: string };

export interface Triple {
  /** Id of an entity. */
  readonly subject: string;
  /** Id of a relation, such as `P36`. */
  readonly relation: string;
  readonly object: TripleObject;
}

/** Entities and triples that are read as often as they are asked for, in the same order. */
export interface KnowledgeSource {
  /** The file or folder, for messages. */
  readonly where: string;
  /** Relations' labels by id. */
  readonly relations: ReadonlyMap<string, string>;
  entities(): AsyncIterable<Entity>;
  triples(): AsyncIterable<Triple>;
}
