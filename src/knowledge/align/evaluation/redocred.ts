/**
 * Documents whose mentions and facts people have marked, in the form of DocRED and Re-DocRED.
 * @module
 */
import { z } from "zod";
import { checkRecord, readRecords } from "../../../data/records.js";
import type { Span } from "../../../data/relation-example.js";
import { userError } from "../../../errors.js";
import { listOf } from "../../../files/lists.js";

const index = z.int().min(0);
const text = z.string().max(4096);
const mention = z.object({
  name: text.min(1),
  sent_id: index,
  pos: listOf(index, { least: 2, most: 2 }),
  type: text.optional(),
});
const record = z.object({
  title: text,
  sents: listOf(listOf(text, { most: 100_000 }), { most: 100_000 }),
  vertexSet: listOf(listOf(mention, { least: 1, most: 10_000 }), { most: 10_000 }),
  labels: listOf(z.object({ h: index, t: index, r: text.min(1) }), { most: 100_000 }),
});

type Vertex = z.infer<typeof record>["vertexSet"][number];

/** A mention as it is marked. */
export interface MarkedMention extends Span {
  readonly name: string;
  /** Which sentence it stands in. */
  readonly sentence: number;
}

/** An entity of one document. */
export interface MarkedEntity {
  readonly mentions: readonly MarkedMention[];
  /** `PER`, `LOC`, `ORG`, `TIME`, `NUM`, `MISC`; empty where none is told. */
  readonly type: string;
}

/** A document with all that is marked in it. */
export interface MarkedDocument {
  readonly title: string;
  /** All words with single spaces between them. */
  readonly text: string;
  readonly sentences: readonly Span[];
  readonly entities: readonly MarkedEntity[];
  /** Entities by index. */
  readonly facts: readonly { readonly subject: number; readonly relation: string; readonly object: number }[];
  /** `file:line` */
  readonly where: string;
}

/**
 * Reads documents of DocRED's form: an array, or one a line.
 *
 * @throws UserError where a record has another form, or names words or entities that are not there
 */
export async function readMarkedDocuments(path: string): Promise<readonly MarkedDocument[]> {
  const documents: MarkedDocument[] = [];
  for await (const { value, where } of readRecords(path)) {
    documents.push(markedDocument(checkRecord(record, value, where, "DocRED"), where));
  }
  if (documents.length > 0) return documents;
  throw userError({ where: path, what: "the file has no documents", expected: "documents of DocRED's form" });
}

function markedDocument({ title, sents, vertexSet, labels }: z.infer<typeof record>, where: string): MarkedDocument {
  const starts = sents.map((words) => words.map(() => 0));
  const sentences: Span[] = [];
  let length = 0;
  for (const [i, words] of sents.entries()) {
    const start = length;
    for (const [j, word] of words.entries()) {
      starts[i]![j] = length;
      length += word.length + 1;
    }
    sentences.push({ start, end: Math.max(start, length - 1) });
  }
  const text = sents.flat().join(" ");
  const entities = vertexSet.map((vertex) => markedEntity(vertex, text, sents, starts, where));
  for (const { h, t } of labels) {
    if (Math.max(h, t) >= entities.length) throw wrong(where, "labels", `entity ${Math.max(h, t)} is not there`);
  }
  const facts = labels.map(({ h, t, r }) => ({ subject: h, relation: r, object: t }));
  return { title, text, sentences, entities, facts, where };
}

function markedEntity(
  vertex: Vertex,
  text: string,
  sents: readonly (readonly string[])[],
  starts: readonly (readonly number[])[],
  where: string,
): MarkedEntity {
  const mentions = vertex.map(({ name, sent_id, pos: [from = 0, to = 0] }): MarkedMention => {
    const start = starts[sent_id]?.[from];
    const last = starts[sent_id]?.[to - 1];
    if (start === undefined || last === undefined || from >= to) {
      throw wrong(where, "vertexSet", `no words stand at ${from} to ${to} of sentence ${sent_id}`);
    }
    return { name, sentence: sent_id, ...trimmed(text, start, last + sents[sent_id]![to - 1]!.length) };
  });
  return { mentions, type: vertex[0]?.type ?? "" };
}

/** Without the white space that some words of the data are. */
function trimmed(text: string, from: number, to: number): Span {
  const inside = text.slice(from, to);
  const start = from + inside.length - inside.trimStart().length;
  return { start, end: start + inside.trim().length };
}

const wrong = (where: string, field: string, what: string) =>
  userError({ where, what: `field "${field}": ${what}`, expected: "a DocRED record", fix: "repair the record" });
