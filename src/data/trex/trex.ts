/**
 * T-REx (Elsahar et al. 2018) as it was published, of any size: one document at a time is held.
 * @module
 */

import { UserError } from "../../errors.js";
import { judge } from "../../files/json.js";
import { createHash } from "../../host/hashing.js";
import { basename } from "../../host/paths.js";
import { type DataFile, fileName, watchedFile } from "../bytes.js";
import { beginning, type JsonRecord, type OnBrokenRecord, readJsonLines, readJsonRecords } from "../records.js";
import { example, type RelationExample } from "../relation-example.js";
import type { OnSkip } from "../skips.js";
import { BadShare } from "./bad-share.js";
import {
  type CountedFile,
  PairCounter,
  type PairCounts,
  readPairCounts,
  requireCounted,
  writePairCounts,
} from "./pair-counts.js";
import {
  idOf,
  placeTriple,
  type TrexDocument,
  TrexText,
  type TripleFault,
  type TripleSkip,
  trexDocument,
  trexTriple,
} from "./trex-document.js";
import { trexFiles } from "./trex-files.js";

/** Why a triple, a document or a file gives no example. */
export type TrexSkip =
  | TripleSkip
  | TripleFault
  | "broken-document"
  | "broken-file"
  | "repeated-triple"
  | "too-few-entity-pairs"
  | "dropped-relation";

/** Settings of {@link readTrex}. */
export interface TrexOptions {
  /** Keep relations with at least so many distinct entity pairs (the paper's T-REx-rc: 50). */
  readonly minEntityPairs?: number;
  /**
   * File of the relations' numbers of pairs. Where it is not there, everything is read twice, and the first reading
   * writes it; where it is, once.
   */
  readonly pairCounts?: string;
  /** Relations to leave out, such as `P31` ("instance of"). */
  readonly dropRelations?: readonly string[];
  /** Share of triples, and of files, that may be wrong; 0.1 by default. */
  readonly mostBad?: number;
  /** Told of everything that gives no example. */
  readonly onSkip: OnSkip<TrexSkip>;
}

/** One reading of all files. */
interface Reading {
  readonly dropped: ReadonlySet<string>;
  readonly onSkip: OnSkip<TrexSkip>;
  readonly triples: BadShare;
  readonly files: BadShare;
  /** Told of each file at its end. */
  readonly onFile: (file: CountedFile) => void;
}

/** So many triples, and it is sure enough that the rest is no better. */
const sureTriples = 100_000;

/**
 * Reads T-REx as it was published: a file, a folder of `re-nlg_*.json`, or a zip archive. Every triple whose subject and
 * object both stand in its sentence gives an example, once; all others are told to `onSkip`.
 *
 * @throws UserError where more is wrong than is borne, or pairs were counted in other data
 */
export async function* readTrex(path: string, options: TrexOptions): AsyncGenerator<RelationExample> {
  const { minEntityPairs: least = 0, pairCounts: file, onSkip } = options;
  if (least <= 1) return yield* readTriples(path, options, onSkip, () => undefined);
  const known = file === undefined ? null : await readPairCounts(file, least);
  const counts = known ?? (await countPairs(path, options, least));
  if (file !== undefined && known === null) await writePairCounts(file, counts);
  const kept = new Set(counts.relations.flatMap(({ relation, pairs }) => (pairs >= least ? [relation] : [])));
  let next = 0;
  const check = (read: CountedFile) => requireCounted(file ?? path, counts.files[next++], read);
  for await (const made of readTriples(path, options, onSkip, check)) {
    if (kept.has(made.relation)) yield made;
    else onSkip("too-few-entity-pairs", made.where);
  }
}

/**
 * Counts the pairs of every relation.
 *
 * @throws UserError as {@link readTrex} does
 */
export async function countPairs(
  path: string,
  options: Pick<TrexOptions, "dropRelations" | "mostBad">,
  least: number,
): Promise<PairCounts> {
  const counter = new PairCounter(least);
  const files: CountedFile[] = [];
  // The reading that gives examples tells of what is left out.
  const silent = () => undefined;
  const made = readTriples(path, options, silent, (file) => files.push(file));
  for await (const one of made) counter.add(one);
  return counter.counts(files);
}

async function* readTriples(
  path: string,
  { dropRelations, mostBad = 0.1 }: Pick<TrexOptions, "dropRelations" | "mostBad">,
  onSkip: OnSkip<TrexSkip>,
  onFile: Reading["onFile"],
): AsyncGenerator<RelationExample> {
  const reading: Reading = {
    dropped: new Set(dropRelations),
    onSkip,
    onFile,
    triples: new BadShare(path, "triples", mostBad),
    files: new BadShare(path, "files", mostBad),
  };
  for await (const file of trexFiles(path)) {
    yield* readFile(file, reading);
    reading.triples.check(sureTriples);
  }
  reading.files.check();
  reading.triples.check();
}

/** The examples of a file; where it is broken, of what stands before. */
async function* readFile(file: DataFile, reading: Reading): AsyncGenerator<RelationExample> {
  const hash = createHash("sha256");
  const watched = watchedFile(file, (chunk) => hash.update(chunk));
  const name = fileName(file);
  let fault: UserError | null = null;
  const records = recordsOf(file, watched, (error, where) => {
    reading.onSkip("broken-document", where);
    reading.triples.addFault("broken-document", error.line);
  });
  try {
    for await (const { value, where } of records) yield* examplesOf(value, where, reading);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    fault = error;
  }
  if (fault === null) reading.files.addSound();
  else {
    reading.onSkip("broken-file", name);
    reading.files.addFault("broken-file", fault.line);
  }
  reading.onFile({ name: basename(name), sha256: hash.digest("hex") });
}

async function* recordsOf(file: DataFile, watched: DataFile, onBroken: OnBrokenRecord): AsyncGenerator<JsonRecord> {
  const isArray = (await beginning(file)).startsWith("[");
  yield* isArray ? readJsonRecords(watched, {}, onBroken) : readJsonLines(watched, onBroken);
}

/** The examples of one document. */
function* examplesOf(value: unknown, where: string, reading: Reading): Generator<RelationExample> {
  const { onSkip, triples, dropped } = reading;
  const wrong = (reason: TrexSkip, what: string) => {
    onSkip(reason, where);
    triples.addFault(reason, `${where}: ${what}`);
  };
  const judged = judge(trexDocument, value);
  if (!("data" in judged)) return wrong("broken-document", fieldOf(judged));
  const text = new TrexText(judged.data.text);
  const seen = new Set<string>();
  for (const [index, given] of judged.data.triples.entries()) {
    const made = exampleOf(judged.data, given, text, where);
    if (typeof made === "object" && "fault" in made) {
      wrong(made.fault, `field "triples.${index}": ${made.what}`);
      continue;
    }
    triples.addSound();
    if (typeof made === "string") onSkip(made, where);
    else if (dropped.has(made.relation)) onSkip("dropped-relation", where);
    else if (seen.size === seen.add(keyOf(made)).size) onSkip("repeated-triple", where);
    else yield made;
  }
}

const fieldOf = ({ field, message }: { readonly field: string; readonly message: string }) =>
  field === "" ? `the record: ${message}` : `field ${JSON.stringify(field)}: ${message}`;

/** Three of T-REx's aligners may find the same: NoSub, AllEnt and SPO. */
const keyOf = ({ text, subject, object, relation, subjectId, objectId }: RelationExample): string =>
  JSON.stringify([subject.start, subject.end, object.start, object.end, relation, subjectId, objectId, text]);

/** The example of one triple, or why there is none. */
function exampleOf(document: TrexDocument, given: unknown, text: TrexText, where: string) {
  const judged = judge(trexTriple, given);
  if (!("data" in judged)) return { fault: "broken-triple", what: fieldOf(judged) } as const;
  const placed = placeTriple(document, judged.data, text);
  if (typeof placed === "string" || "fault" in placed) return placed;
  const { sentence, ...spans } = placed;
  const [subject, object] = [spans.subject, spans.object].map(({ start, end }) => {
    return { start: start - sentence.start, end: end - sentence.start };
  });
  const { docid } = document;
  return example(
    document.text.slice(sentence.start, sentence.end),
    subject!,
    object!,
    idOf(judged.data.predicate.uri),
    where,
    {
      id: docid === null || docid === undefined ? undefined : idOf(String(docid)),
      subjectId: idOf(judged.data.subject.uri),
      objectId: idOf(judged.data.object.uri),
    },
  );
}
