import { userError } from "../errors.js";
import { counted } from "../phrases.js";

/** A part of a text: UTF-16 offsets, end exclusive. */
export interface Span {
  /** Of its first UTF-16 unit, from 0. */
  readonly start: number;
  /** After its last one. */
  readonly end: number;
}

/** A sentence with two entities and the relation between them. */
export interface RelationExample {
  readonly text: string;
  readonly subject: Span;
  readonly object: Span;
  /** Empty where the record names none, which is allowed for prediction only. */
  readonly relation: string;
  readonly id?: string;
  readonly subjectId?: string;
  readonly objectId?: string;
  readonly subjectType?: string;
  readonly objectType?: string;
  /** `file:line` */
  readonly where: string;
}

/** Optional parts of an example; empty and missing ones are left out. */
export type ExampleExtras = {
  readonly [K in "id" | "subjectId" | "objectId" | "subjectType" | "objectType"]?: string | null | undefined;
};

/** Settings that all formats share. */
export interface LabelOptions {
  /** Records need no relation, as for prediction; a missing one is read as empty. */
  readonly unlabelled?: boolean;
}

/** Words `first` to `last`, inclusive. */
export interface TokenRange {
  readonly first: number;
  readonly last: number;
  /** The field it was read from, for errors. */
  readonly field: string;
}

/** Joins words with single spaces and turns word ranges into character spans. */
export function fromTokens(
  tokens: readonly string[],
  subject: TokenRange,
  object: TokenRange,
  relation: string,
  where: string,
  extras: ExampleExtras,
): RelationExample {
  const starts: number[] = [];
  let length = 0;
  for (const token of tokens) {
    starts.push(length);
    length += token.length + 1;
  }
  const span = ({ first, last, field }: TokenRange): Span => {
    const start = starts[first];
    const lastStart = starts[last];
    const end = lastStart === undefined ? undefined : lastStart + tokens[last]!.length;
    if (start === undefined || end === undefined || first > last || start === end) {
      throw userError({
        where,
        what: `field ${JSON.stringify(field)}: words ${first} to ${last} are none of the sentence's ${counted(tokens.length, "word")}`,
        expected: "a range of at least one word inside the sentence",
        fix: "repair the record",
      });
    }
    return { start, end };
  };
  return example(tokens.join(" "), span(subject), span(object), relation, where, extras);
}

/** Puts an example together. */
export function example(
  text: string,
  subject: Span,
  object: Span,
  relation: string,
  where: string,
  extras: ExampleExtras,
): RelationExample {
  const present = Object.entries(extras).filter(([, value]) => typeof value === "string" && value !== "");
  return { text, subject, object, relation, ...Object.fromEntries(present), where };
}
