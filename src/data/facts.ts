/**
 * Facts by themselves, without a sentence that states them: subject, relation, object.
 * @module
 */
import { z } from "zod";
import { userError } from "../errors.js";
import { isFolder } from "../files/folder.js";
import { listOf } from "../files/lists.js";
import { readCsv } from "./csv.js";
import { jsonlFiles, readLamaFacts } from "./lama.js";
import { beginning, checkRecord, type JsonRecord, readJsonLines } from "./records.js";
import type { OnSkip } from "./skips.js";

/** A fact that can be taught and asked for. */
export interface Fact {
  readonly subject: string;
  /** `capital of`, `P36`. */
  readonly relation: string;
  readonly object: string;
  /** Other names of the object, which are right answers too. */
  readonly aliases: readonly string[];
  /** `file:line` */
  readonly where: string;
}

/** What a fact answers, as a key: facts with the same one are answers to one question. */
export const questionKey = ({ subject, relation }: Pick<Fact, "subject" | "relation">): string =>
  JSON.stringify([subject, relation]);

/** Formats of facts: CSV (with commas or semicolons) and TSV with a header, JSON Lines, LAMA's JSON Lines (a file, or a folder of them). */
type FactFormat = "csv" | "semicolons" | "tsv" | "jsonl" | "lama";

/** `Subject ` is `subject`. */
const columnName = (cell: string): string => cell.trim().toLowerCase();

/** Why a record is left out. */
export type FactSkip = "repeated" | "no-subject";

export interface ReadFactsOptions {
  /** Told of every record that is left out. */
  readonly onSkip: OnSkip<FactSkip>;
}

/** More are not read: each is held in memory. */
const mostFacts = 1_000_000;

const columns = "subject, relation and object, and perhaps aliases";

/** A name as it stands in a sentence: trimmed, in one line. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(1024)
  .refine((text) => !/\p{Cc}/u.test(text), "it holds a line break or another control character")
  .refine((text) => !/\[(X|Y|MASK)\]/.test(text), "it holds [X], [Y] or [MASK]");

const mostNames = 1000;
const names = listOf(name, { most: mostNames });

/** `"Vienna"`, or `["Vienna", "Wien"]` with the name that is taught first. */
const jsonRecord = z.object({
  subject: name,
  relation: name,
  object: z.union([name, listOf(name, { least: 1, most: mostNames })]),
  aliases: names.nullish(),
});

/** A cell of aliases has `|` between them. */
const tableRecord = z.object({ subject: name, relation: name, object: name, aliases: z.string().optional() });

function unknownFormat(where: string, what: string): Error {
  return userError({
    where,
    what,
    expected: `facts as CSV or TSV with the header subject,relation,object, as JSON Lines, or LAMA's files`,
    fix: "check the file",
  });
}

const has = (value: unknown, key: string) => typeof value === "object" && value !== null && Object.hasOwn(value, key);

/** @throws UserError where the content is none of {@link FactFormat} */
async function detectFactFormat(path: string): Promise<FactFormat> {
  if (await isFolder(path)) return "lama";
  const head = await beginning(path);
  if (head === "") throw unknownFormat(path, "the file is empty");
  if (head.startsWith("{")) {
    for await (const { value, where } of readJsonLines(path)) {
      if (has(value, "obj_label")) return "lama";
      if (has(value, "subject")) return "jsonl";
      throw unknownFormat(where, 'the first record has neither "subject" nor "obj_label"');
    }
  }
  const [first = ""] = head.split(/[\r\n]/);
  const names = (separator: string) =>
    first.includes(separator) &&
    first.split(separator).some((cell) => columnName(cell.replaceAll('"', "")) === "subject");
  if (names("\t")) return "tsv";
  if (names(",")) return "csv";
  if (names(";")) return "semicolons";
  throw unknownFormat(`${path}:1`, "the first line is no header that names the subject");
}

/**
 * Reads facts, in the order of the file; the format is recognised by content.
 *
 * @param path a file, gzipped or not, or a folder of LAMA's files such as `TREx_template`
 * @throws UserError where the format cannot be recognised, or a record is broken: file, line and field are named
 */
export async function* readFacts(path: string, { onSkip }: ReadFactsOptions): AsyncGenerator<Fact> {
  const seen = new Set<string>();
  for await (const fact of factsOf(path, await detectFactFormat(path), onSkip)) {
    const key = JSON.stringify([fact.subject, fact.relation, fact.object]);
    if (seen.has(key)) {
      onSkip("repeated", fact.where);
      continue;
    }
    seen.add(key);
    if (seen.size > mostFacts) {
      throw userError({ where: fact.where, what: "the file is too large", expected: `at most ${mostFacts} facts` });
    }
    yield fact;
  }
  if (seen.size === 0) throw userError({ where: path, what: "there are no facts", expected: `records of ${columns}` });
}

function factsOf(path: string, format: FactFormat, onSkip: OnSkip<FactSkip>): AsyncGenerator<Fact> {
  switch (format) {
    case "lama":
      return lamaFacts(path, onSkip);
    case "jsonl":
      return jsonFacts(readJsonLines(path));
    case "csv":
      return tableFacts(readCsv(path, columns));
    case "semicolons":
      return tableFacts(readCsv(path, columns, ";"));
    case "tsv":
      return tableFacts(readCsv(path, columns, "\t"));
  }
}

async function* jsonFacts(records: AsyncIterable<JsonRecord>): AsyncGenerator<Fact> {
  for await (const { value, where } of records) {
    const { subject, relation, object, aliases } = checkRecord(jsonRecord, value, where, "fact");
    const [first, ...others] = [object].flat() as [string, ...string[]];
    yield { subject, relation, object: first, aliases: [...others, ...(aliases ?? [])], where };
  }
}

async function* tableFacts(rows: AsyncIterable<JsonRecord>): AsyncGenerator<Fact> {
  for await (const { value, where } of rows) {
    const trimmed = Object.fromEntries(Object.entries(value as object).map(([key, cell]) => [columnName(key), cell]));
    const { aliases = "", ...fact } = checkRecord(tableRecord, trimmed, where, "fact");
    const others = aliases.split("|").filter((alias) => alias.trim() !== "");
    yield { ...fact, aliases: checkRecord(names, others, where, "list of aliases as a"), where };
  }
}

async function* lamaFacts(path: string, onSkip: OnSkip<FactSkip>): AsyncGenerator<Fact> {
  for (const file of (await isFolder(path)) ? await jsonlFiles(path) : [path]) {
    for await (const { subject, relation, object, where } of readLamaFacts(file)) {
      const fact = { subject, relation, object };
      if (subject.trim() === "") onSkip("no-subject", where);
      else yield { ...checkRecord(tableRecord.omit({ aliases: true }), fact, where, "fact"), aliases: [], where };
    }
  }
}
