import { z } from "zod";
import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { listOf } from "../files/lists.js";
import { readdir, stat } from "../host/files.js";
import { createHash } from "../host/hashing.js";
import { join } from "../host/paths.js";
import { checkRecord, readRecords } from "./records.js";
import { example, type RelationExample, type Span } from "./relation-example.js";
import type { OnSkip } from "./skips.js";

/** Why a triple gives no example. */
export type TrexSkip = "no-boundaries" | "outside-sentence" | "too-few-entity-pairs" | "dropped-relation";

/** Settings of {@link readTrex}. */
export interface TrexOptions {
  /** Keep relations with at least so many distinct entity pairs (the paper's T-REx-rc: 50); reads everything twice. */
  readonly minEntityPairs?: number;
  /** Relations to leave out, such as `P31` ("instance of"). */
  readonly dropRelations?: readonly string[];
  /** Told of every triple that gives no example. */
  readonly onSkip: OnSkip<TrexSkip>;
}

const index = z.int().min(0);
const range = z.tuple([index, index]);
/** Names are bounded because some of them are held while a file is read. */
const name = z.string().max(4096);
const entity = z.object({ uri: name, boundaries: range.nullish() });
const triple = z.object({
  subject: entity,
  predicate: z.object({ uri: name.min(1) }),
  object: entity,
  sentence_id: index,
});
/** A document of T-REx (Elsahar et al. 2018): see the schema in github.com/hadyelsahar/RE-NLG-Dataset. */
const trexDocument = z.object({
  docid: z.union([z.string(), z.number()]).nullish(),
  text: z.string(),
  sentences_boundaries: listOf(range),
  triples: listOf(triple),
});

/** More relations than Wikidata has properties: the file holds something else. */
export const mostRelations = 50_000;

/** The last part of a URI: `http://www.wikidata.org/prop/direct/P19` → `P19`. */
function lastPart(uri: string): string {
  return uri.slice(uri.lastIndexOf("/") + 1) || uri;
}

/** Offsets of a text in code points, and how they read in UTF-16 units. */
interface CodePoints {
  readonly length: number;
  toUtf16(offset: number): number;
}

/** T-REx was written by Python, so its offsets count code points; JavaScript's count UTF-16 units. */
function codePoints(text: string): CodePoints {
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return { length: text.length, toUtf16: (offset) => offset };
  const units: number[] = [];
  let unit = 0;
  for (const character of text) {
    units.push(unit);
    unit += character.length;
  }
  return { length: units.length, toUtf16: (offset) => units[offset] ?? unit };
}

/** Files of a T-REx folder in order of name, or the file itself. */
async function trexFiles(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => /\.json(\.gz)?$/.test(name)).sort();
    const published = names.filter((name) => name.startsWith("re-nlg_"));
    const chosen = published.length > 0 ? published : names;
    if (chosen.length > 0) return chosen.map((name) => join(path, name));
  } catch (error) {
    throw fileError(path, "read the file", error);
  }
  throw userError({ where: path, what: "no .json or .json.gz files in the folder", expected: "T-REx's re-nlg_*.json" });
}

type Document = z.infer<typeof trexDocument>;
type Triple = z.infer<typeof triple>;
type Place = { readonly field: string; readonly where: string };

function checkRange([start, end]: readonly [number, number], length: number, { field, where }: Place): Span {
  if (start < end && end <= length) return { start, end };
  throw userError({
    where,
    what: `field ${JSON.stringify(field)}: ${start}..${end} is empty or outside the text of ${length} characters`,
    expected: "start < end <= length",
    fix: "repair the record",
  });
}

/** The example of one triple, or why there is none. */
function fromTriple(
  document: Document,
  { subject, predicate, object, sentence_id }: Triple,
  points: CodePoints,
  where: string,
  field: string,
): RelationExample | TrexSkip {
  const sentence = document.sentences_boundaries[sentence_id];
  if (sentence === undefined) {
    throw userError({
      where,
      what: `field "${field}.sentence_id": there is no sentence ${sentence_id}`,
      expected: `0 to ${document.sentences_boundaries.length - 1}`,
      fix: "repair the record",
    });
  }
  if (!subject.boundaries || !object.boundaries) return "no-boundaries";
  const check = (given: readonly [number, number], name: string) =>
    checkRange(given, points.length, { field: name, where });
  const bounds = check(sentence, `sentences_boundaries.${sentence_id}`);
  const spans = [
    check(subject.boundaries, `${field}.subject.boundaries`),
    check(object.boundaries, `${field}.object.boundaries`),
  ];
  if (spans.some(({ start, end }) => start < bounds.start || end > bounds.end)) return "outside-sentence";
  const base = points.toUtf16(bounds.start);
  const [subjectSpan, objectSpan] = spans.map(({ start, end }) => ({
    start: points.toUtf16(start) - base,
    end: points.toUtf16(end) - base,
  }));
  const { docid } = document;
  return example(
    document.text.slice(base, points.toUtf16(bounds.end)),
    subjectSpan!,
    objectSpan!,
    lastPart(predicate.uri),
    where,
    {
      id: docid === null || docid === undefined ? undefined : lastPart(String(docid)),
      subjectId: lastPart(subject.uri),
      objectId: lastPart(object.uri),
    },
  );
}

async function* readTriples(path: string, options: TrexOptions): AsyncGenerator<RelationExample> {
  const dropped = new Set(options.dropRelations);
  for (const file of await trexFiles(path)) {
    for await (const { value, where } of readRecords(file)) {
      const document = checkRecord(trexDocument, value, where, "T-REx");
      const points = codePoints(document.text);
      for (const [index, one] of document.triples.entries()) {
        const made = fromTriple(document, one, points, where, `triples.${index}`);
        if (typeof made === "string") options.onSkip(made, where);
        else if (dropped.has(made.relation)) options.onSkip("dropped-relation", where);
        else yield made;
      }
    }
  }
}

/** A short name for a pair of entities; long ids are hashed, so that a file cannot fill the memory with them. */
function pairKey(subject: string | undefined, object: string | undefined): string {
  const key = JSON.stringify([subject, object]);
  return key.length <= 64 ? key : createHash("sha256").update(key).digest("base64");
}

/** Relations with at least `least` distinct entity pairs. No more than `least` pairs of a relation are held. */
async function frequentRelations(path: string, options: TrexOptions, least: number): Promise<Set<string>> {
  const pairs = new Map<string, Set<string>>();
  const frequent = new Set<string>();
  // The second reading tells of them.
  const silent: TrexOptions = { ...options, onSkip: () => undefined };
  for await (const { relation, subjectId, objectId, where } of readTriples(path, silent)) {
    if (frequent.has(relation)) continue;
    const seen = pairs.get(relation) ?? new Set();
    pairs.set(relation, seen.add(pairKey(subjectId, objectId)));
    if (seen.size >= least) {
      frequent.add(relation);
      pairs.delete(relation);
    }
    if (pairs.size > mostRelations) {
      throw userError({ where, what: `more than ${mostRelations} relations`, expected: "T-REx's Wikidata properties" });
    }
  }
  return frequent;
}

/**
 * Reads T-REx as it was published: a file, or a folder of `re-nlg_*.json`. Every triple whose subject and object both
 * stand in its sentence gives an example; all others are told to `onSkip`.
 */
export async function* readTrex(path: string, options: TrexOptions): AsyncGenerator<RelationExample> {
  const { minEntityPairs = 0 } = options;
  const kept = minEntityPairs > 1 ? await frequentRelations(path, options, minEntityPairs) : undefined;
  for await (const made of readTriples(path, options)) {
    if (kept === undefined || kept.has(made.relation)) yield made;
    else options.onSkip("too-few-entity-pairs", made.where);
  }
}
