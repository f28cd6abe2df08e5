/**
 * What readers say: the smallest pieces of knowledge, in the order of the file.
 * @module
 */
import type { FactSkip } from "../data/fact.js";
import type { OnSkip } from "../data/skips.js";
import { knowledgeBounds } from "../files/bounds.js";
import type { TripleObject } from "./knowledge.js";

/** Which of an entity's names comes first: its label, a label that serves for want of another, other names. */
export type NameRank = 0 | 1 | 2;

/** A piece of knowledge. */
export type Statement =
  | { readonly kind: "name"; readonly entity: string; readonly name: string; readonly rank: NameRank }
  | { readonly kind: "type"; readonly entity: string; readonly type: string }
  | { readonly kind: "relation"; readonly id: string; readonly label: string }
  | { readonly kind: "triple"; readonly subject: string; readonly relation: string; readonly object: TripleObject };

/** Why a record is no knowledge though it should be. */
export type Fault =
  | "no-subject"
  | "no-relation"
  | "no-object"
  | "no-id"
  | "no-names"
  /** Empty, too long, or with control characters or half of a surrogate pair. */
  | "unusable-name"
  | "unusable-id"
  /** Said to be a date or a number, and none. */
  | "unreadable-value"
  | "wrong-number-of-cells"
  | "not-json"
  | "not-a-triple"
  | "wrong-field";

/** What is left out of a sound file by rule. */
export type LeftOut =
  /** Names and texts in other languages than the one that is asked for. */
  | "other-language"
  /** Wikidata's `somevalue`: there is one, and nobody knows which. */
  | "unknown-value"
  /** Wikidata's `novalue`. */
  | "no-value"
  | "deprecated"
  /** Dates known to the decade or less. */
  | "imprecise-date"
  /** Places on the globe, files, formulas, web addresses. */
  | "other-kind-of-value"
  | "external-id"
  /** Statements about properties and lexemes. */
  | "about-no-item"
  /** Descriptions, counts of links, licences and whatever else dumps say beside facts. */
  | "no-fact"
  | "long-text"
  | "true-or-false"
  /** Names and values among others that cannot be written in one line. */
  | "unusable-text";

/** How readers read, and whom they tell. */
export interface ReadKnowledgeOptions {
  /** Of names and texts, such as `en`. */
  readonly language: string;
  /** Told of sound records as they are read, and how many. */
  readonly onRecords: (count: number) => void;
  /** Told of what is left out by rule. */
  readonly onLeftOut: OnSkip<LeftOut | FactSkip>;
  /** Told of every record that is wrong. */
  readonly onFault: OnSkip<Fault>;
}

/** The statements of a record, or of several, which readers yield. */
export type Statements = readonly Statement[];

// Unassigned halves of surrogate pairs cannot be written as UTF-8.
const unusable = /[\p{Cc}\p{Cs}\u2028\u2029]/u;

/** Whether a text can be a name, a label or an id, once it is trimmed. */
export const isUsable = (text: string): boolean =>
  text !== "" && text.length <= knowledgeBounds.name && !unusable.test(text);

/** A text of a fact in one line; null where it is too long, or not to be written. */
export function usableText(text: string): string | null {
  if (text.length > knowledgeBounds.text) return null;
  const line = text.replace(/\s+/g, " ").trim();
  return line !== "" && !unusable.test(line) ? line : null;
}
