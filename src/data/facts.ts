/**
 * Reading facts: tables of subjects, relations and objects, and sentences that state them.
 * @module
 */
import { z } from "zod";
import { userError } from "../errors.js";
import { isFolder } from "../files/folder.js";
import { listOf } from "../files/lists.js";
import { isAlignedFolder } from "./aligned-folder.js";
import { readCsv } from "./csv.js";
import { checkCount, type Fact, type FactSkip, factKey, factName, factNames } from "./fact.js";
import { jsonlFiles, readLamaFacts } from "./lama.js";
import { beginning, checkRecord, type JsonRecord, readRecords } from "./records.js";
import { detectRelationFormat, holdsRelationData, type RelationFormat, recordFormat } from "./relation-data.js";
import { sentenceFacts } from "./sentence-facts.js";
import type { OnSkip } from "./skips.js";

/** Formats of tables: CSV (with commas or semicolons) and TSV with a header, JSON Lines, LAMA's JSON Lines (or a folder of them). */
type TableFormat = "csv" | "semicolons" | "tsv" | "jsonl" | "lama";

/** `Subject ` is `subject`. */
const columnName = (cell: string): string => cell.trim().toLowerCase();

export interface ReadFactsOptions {
  /** Told of every record that is left out. */
  readonly onSkip: OnSkip<FactSkip>;
}

const columns = "subject, relation and object, and perhaps aliases";

const mostNames = 1000;
const names = listOf(factName, { most: mostNames });

/** `"Vienna"`, or `["Vienna", "Wien"]` with the name that is taught first. */
const jsonRecord = z.object({
  subject: factName,
  relation: factName,
  object: z.union([factName, listOf(factName, { least: 1, most: mostNames })]),
  aliases: names.nullish(),
});

/** A cell of aliases has `|` between them. */
const tableRecord = factNames.extend({ aliases: z.string().optional() });

function unknownFormat(where: string, what: string): Error {
  return userError({
    where,
    what,
    expected: `facts as CSV or TSV with the header subject,relation,object, as JSON Lines, LAMA's files, or sentences with two marked entities and their relation`,
    fix: "check the file",
  });
}

const has = (value: unknown, key: string) => typeof value === "object" && value !== null && Object.hasOwn(value, key);

/** @throws UserError where the content is of no known format */
async function detectFactFormat(path: string): Promise<TableFormat | RelationFormat> {
  if (await isFolder(path)) {
    const isLama = !(await isAlignedFolder(path)) && (await jsonlFiles(path)).length > 0;
    return isLama ? "lama" : detectRelationFormat(path);
  }
  const head = await beginning(path);
  if (head === "") throw unknownFormat(path, "the file is empty");
  if (head.startsWith("[") || (head.startsWith("{") && !holdsRelationData(head))) {
    for await (const { value, where } of readRecords(path)) {
      if (has(value, "subject")) return "jsonl";
      const relations = recordFormat(value, head.startsWith("["));
      if (relations !== null) return relations;
      if (has(value, "obj_label")) return "lama";
      throw unknownFormat(where, 'the first record has neither "subject" nor "obj_label" nor "token"');
    }
  }
  if (holdsRelationData(head)) return detectRelationFormat(path);
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
 * Reads facts, in the order of the file; the format is recognised by content: a table, or any format of
 * {@link readRelations}, whose sentences then stand beside their facts.
 *
 * @param path a file, gzipped or not, or a folder of LAMA's files such as `TREx_template`, or of T-REx's
 * @throws UserError where the format cannot be recognised, or a record is broken: file, line and field are named
 */
export async function* readFacts(path: string, { onSkip }: ReadFactsOptions): AsyncGenerator<Fact> {
  const seen = new Set<string>();
  for await (const fact of factsOf(path, await detectFactFormat(path), onSkip)) {
    const key = factKey(fact);
    if (seen.has(key)) {
      onSkip("repeated", fact.where);
      continue;
    }
    seen.add(key);
    checkCount(seen.size, "facts", fact.where);
    yield fact;
  }
  if (seen.size === 0) throw userError({ where: path, what: "there are no facts", expected: `records of ${columns}` });
}

function factsOf(path: string, format: TableFormat | RelationFormat, onSkip: OnSkip<FactSkip>): AsyncGenerator<Fact> {
  switch (format) {
    case "lama":
      return lamaFacts(path, onSkip);
    case "jsonl":
      return jsonFacts(readRecords(path));
    case "csv":
      return tableFacts(readCsv(path, columns));
    case "semicolons":
      return tableFacts(readCsv(path, columns, ";"));
    case "tsv":
      return tableFacts(readCsv(path, columns, "\t"));
    default:
      return sentenceFacts(path, format, onSkip);
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
      else yield { ...checkRecord(factNames, fact, where, "fact"), aliases: [], where };
    }
  }
}
