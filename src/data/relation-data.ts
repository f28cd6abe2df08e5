import { userError } from "../errors.js";
import { isFolder } from "../files/folder.js";
import { createHash } from "../host/hashing.js";
import { shown } from "../phrases.js";
import { isAlignedFolder } from "./aligned-folder.js";
import { readFewRel } from "./fewrel.js";
import { beginning, readRecords } from "./records.js";
import type { LabelOptions, RelationExample } from "./relation-example.js";
import { readSemEval } from "./semeval.js";
import { SkipCounter } from "./skips.js";
import { readTacred } from "./tacred.js";
import { mostRelations } from "./trex/pair-counts.js";
import { readTrex, type TrexOptions } from "./trex/trex.js";
import { readTrexRc } from "./trex-rc.js";
import { readWiki80 } from "./wiki80.js";
import { isZip } from "./zip.js";

/** Formats of relation data that can be read. */
export const relationFormats = ["fewrel", "wiki80", "tacred", "semeval", "trex-rc", "trex"] as const;
export type RelationFormat = (typeof relationFormats)[number];

/** How relations are read, without who is told of what is left out. */
export type RelationReading = Omit<ReadRelationsOptions, "onSkip">;

/** Settings of {@link readRelations}; those of T-REx count for T-REx alone. */
export interface ReadRelationsOptions extends TrexOptions, LabelOptions {
  /** Default `auto`: by what the file holds. */
  readonly format?: RelationFormat | "auto";
}

const known = "FewRel, Wiki80 (JSON Lines), TACRED, SemEval-2010 Task 8, T-REx-rc or T-REx";

function unknownFormat(where: string, what: string): Error {
  return userError({
    where,
    what,
    expected: `relation data as ${known}`,
    fix: `check the file, or name its format (${relationFormats.join(", ")})`,
  });
}

function has(value: unknown, ...keys: readonly string[]): boolean {
  return typeof value === "object" && value !== null && keys.every((key) => Object.hasOwn(value, key));
}

const [semevalHead, fewRelHead] = [/^\d+\t"/, /^\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[\s*[{\]]/];

/** Whether a file that begins so can hold nothing but relation data; JSON Lines may hold something else. */
export const holdsRelationData = (head: string): boolean =>
  head.startsWith("[") || semevalHead.test(head) || fewRelHead.test(head);

/** The format of a file by its first record; null where it is none of relation data. */
export function recordFormat(record: unknown, isArray: boolean): RelationFormat | null {
  if (has(record, "triples", "sentences_boundaries")) return "trex";
  if (has(record, "token", "subj_start", "subj_label")) return "trex-rc";
  if (has(record, "token", "subj_start")) return "tacred";
  if (has(record, "token", "h", "t") || has(record, "text", "h", "t")) return "wiki80";
  // FewRel's test sets name no relations, so they are lists.
  return isArray && has(record, "tokens", "h", "t") ? "fewrel" : null;
}

/** The format of relation data, recognised by content; a folder holds aligned sentences, or is T-REx's. */
export async function detectRelationFormat(path: string): Promise<RelationFormat> {
  if (await isFolder(path)) return (await isAlignedFolder(path)) ? "wiki80" : "trex";
  const head = await beginning(path);
  if (head === "") throw unknownFormat(path, "the file is empty");
  if (isZip(head)) return "trex";
  if (semevalHead.test(head)) return "semeval";
  // An object of arrays of objects is FewRel's.
  if (fewRelHead.test(head)) return "fewrel";
  const isArray = head.startsWith("[");
  // Pretty-printed JSON is no JSON Lines: its first line is cut off in the middle of an object.
  if (isArray || /^\{[^\n]*\}/.test(head) || (head.startsWith("{") && !head.includes("\n"))) {
    for await (const { value, where } of readRecords(path)) {
      const format = recordFormat(value, isArray);
      if (format !== null) return format;
      throw unknownFormat(where, "the first record is of no known format");
    }
    throw unknownFormat(path, isArray ? "the array is empty" : "there are no records");
  }
  throw unknownFormat(`${path}:1`, "the file is no JSON array, object or JSON Lines");
}

/**
 * Reads relation data of any known format, one example at a time.
 *
 * @throws UserError where the format cannot be recognised or a record is broken: file, line and field are named.
 */
export async function* readRelations(path: string, options: ReadRelationsOptions): AsyncGenerator<RelationExample> {
  const { format = "auto" } = options;
  const chosen = format === "auto" ? await detectRelationFormat(path) : format;
  switch (chosen) {
    case "fewrel":
      return yield* readFewRel(path, options);
    case "wiki80":
      return yield* readWiki80(path, options);
    case "tacred":
      return yield* readTacred(path, options);
    case "semeval":
      return yield* readSemEval(path, options);
    case "trex-rc":
      return yield* readTrexRc(path, options);
    case "trex":
      return yield* readTrex(path, options);
  }
}

/** What a data set holds. */
export interface RelationSummary {
  readonly format: RelationFormat;
  readonly examples: number;
  /** Relations and how many examples each has, the most frequent first. */
  readonly relations: readonly { readonly relation: string; readonly count: number }[];
  /** How many examples have how many words: `upTo` is the upper bound, inclusive; the last bucket has none. */
  readonly lengths: readonly { readonly upTo: number; readonly count: number }[];
  /** Mean number of words. */
  readonly meanWords: number;
  /** Triples that gave no example, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

const lengthBounds = [8, 16, 24, 32, 48, 64, 96, 128, 256, Number.POSITIVE_INFINITY];

/** Counts a data set's examples, relations and words. */
export async function inspectRelations(path: string, options: RelationReading = {}): Promise<RelationSummary> {
  const { format: asked = "auto" } = options;
  const format = asked === "auto" ? await detectRelationFormat(path) : asked;
  const counts = new Map<string, number>();
  const lengths = lengthBounds.map(() => 0);
  const skips = new SkipCounter();
  let examples = 0;
  let words = 0;
  for await (const { relation, text, where } of readRelations(path, { ...options, format, onSkip: skips.onSkip })) {
    examples++;
    counts.set(relation, (counts.get(relation) ?? 0) + 1);
    if (counts.size > mostRelations) throw unknownFormat(where, `more than ${mostRelations} relations`);
    const length = text.match(/\S+/g)?.length ?? 0;
    words += length;
    const bucket = lengthBounds.findIndex((bound) => length <= bound);
    lengths[bucket] = lengths[bucket]! + 1;
  }
  const relations = [...counts].map(([relation, count]) => ({ relation, count }));
  relations.sort((a, b) => b.count - a.count || (a.relation < b.relation ? -1 : 1));
  return {
    format,
    examples,
    relations,
    lengths: lengthBounds.map((upTo, bucket) => ({ upTo, count: lengths[bucket]! })),
    meanWords: examples === 0 ? 0 : words / examples,
    skipped: skips.counts,
  };
}

/** As much of an example as tells who it is about. */
type Subject = Pick<RelationExample, "text" | "subject"> & Partial<RelationExample>;

/** Who an example is about: the subject's id, else its text without case. */
export function subjectKey(example: Subject): string {
  const { subjectId, text, subject } = example;
  return subjectId ?? `text:${text.slice(subject.start, subject.end).normalize("NFKC").toLowerCase()}`;
}

/**
 * The part of a split that an example belongs to: decided by its subject alone, so no subject is in two parts, and the
 * same on every machine. Give every file of a set the same parts and seed.
 *
 * @param parts Names and weights, such as `{ train: 0.8, dev: 0.1, test: 0.1 }`.
 */
export function partOf<P extends string>(example: Subject, parts: Readonly<Record<P, number>>, seed = 0): P {
  const entries = Object.entries(parts) as [P, number][];
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  if (
    entries.length === 0 ||
    !(total > 0) ||
    entries.some(([, weight]) => !(weight >= 0) || weight === Number.POSITIVE_INFINITY)
  ) {
    throw userError({
      where: "split",
      what: `the weights ${shown(parts)} cannot divide the data`,
      expected: "weights of at least 0 with a sum above 0",
    });
  }
  const digest = createHash("sha256")
    .update(`${seed}\0${subjectKey(example)}`)
    .digest();
  let left = (digest.readUIntBE(0, 6) / 2 ** 48) * total;
  for (const [name, weight] of entries) {
    left -= weight;
    if (left < 0) return name;
  }
  // Rounding can leave a rest of zero: it belongs to the last part that has a weight.
  return entries.findLast(([, weight]) => weight > 0)![0];
}
