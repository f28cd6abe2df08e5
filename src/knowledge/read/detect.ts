/**
 * Which format a file of knowledge has, by its content.
 * @module
 */
import { type DataFile, fileName } from "../../data/bytes.js";
import type { Separator } from "../../data/csv.js";
import { beginning, readRecords } from "../../data/records.js";
import { isZip } from "../../data/zip.js";
import { setting, userError } from "../../errors.js";
import { type KnowledgeFormat, knowledgeFormats } from "../formats.js";
import { isFactRecord, isLamaRecord } from "./json-facts.js";
import { isNeo4jHeader } from "./neo4j.js";
import { isFactHeader } from "./table.js";
import { isWikidataRecord } from "./wikidata.js";

/** A format, and for tables what parts their cells. */
export interface Recognised {
  readonly format: KnowledgeFormat;
  readonly separator: Separator;
}

const separators: readonly Separator[] = ["\t", ",", ";"];

function unknown(where: string, what: string): Error {
  return userError({
    where,
    what,
    expected: `facts as ${knowledgeFormats.join(", ")}`,
    fix: `check the file, or name its format with ${setting("format")}`,
  });
}

const looksLikeTurtle = /^(@prefix|@base|prefix|base)\s|^</i;
const tripleLine = /^(<[^<>\s]*>|_:\S+)[ \t]*<[^<>\s]*>[ \t]*(<[^<>\s]*>|_:\S+|".*)/;
const graphIds = /^(Q\d+\tP\d+\tQ\d+|\/[mg]\/\w+\t[^\t]+\t\/[mg]\/\w+)$/;

/**
 * Recognises a file by its beginning.
 *
 * @param asked the format that the user names
 * @throws UserError where it is of no known format
 */
export async function recognise(file: DataFile, asked: KnowledgeFormat | undefined): Promise<Recognised> {
  const where = fileName(file);
  const head = await beginning(file);
  if (head === "") throw unknown(where, "the file is empty");
  refusePacked(head, where);
  // The first line is no comment of Turtle's.
  const line = head.split(/[\r\n]+/).find((one) => !one.startsWith("#")) ?? "";
  const separator = separatorOf(line);
  if (asked !== undefined) return { format: asked, separator: separator ?? (asked === "tsv" ? "\t" : ",") };
  return { format: await formatOf(file, head, line), separator: separator ?? "," };
}

/** What parts the cells of a header that is known. */
function separatorOf(line: string): Separator | undefined {
  return separators.find((separator) => {
    const header = cellsOf(line, separator);
    return header.length > 1 && (isFactHeader(header) || isNeo4jHeader(header));
  });
}

const cellsOf = (line: string, separator: Separator) =>
  line.split(separator).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));

async function formatOf(file: DataFile, head: string, line: string): Promise<KnowledgeFormat> {
  if (head.startsWith("{") || head.startsWith("[")) return jsonFormat(file, head);
  const separator = separatorOf(line);
  if (separator !== undefined) {
    if (isNeo4jHeader(cellsOf(line, separator))) return "neo4j";
    return separator === "\t" ? "tsv" : "csv";
  }
  if (graphIds.test(line)) return "triples";
  // A line that goes on behind the beginning may end with anything.
  if (tripleLine.test(line) && (/\.\s*(#.*)?$/.test(line) || !head.includes("\n"))) return "ntriples";
  if (looksLikeTurtle.test(line)) return "turtle";
  // SemEval's sentences are numbered.
  if (/^\d+\t"/.test(line)) return "facts";
  throw unknown(`${fileName(file)}:1`, "the first line is no header with subject, relation and object, and no triple");
}

async function jsonFormat(file: DataFile, head: string): Promise<KnowledgeFormat> {
  // FewRel's object of arrays.
  if (/^\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[\s*[{\]]/.test(head)) return "facts";
  for await (const { value } of readRecords(file)) {
    if (isWikidataRecord(value)) return "wikidata";
    return isFactRecord(value) || isLamaRecord(value) ? "jsonl" : "facts";
  }
  throw unknown(fileName(file), "there are no records");
}

function refusePacked(head: string, where: string): void {
  if (head.startsWith("BZh")) {
    throw userError({
      where,
      what: "it is packed with bzip2",
      expected: "a plain file, .gz or .zip",
      fix: "pack it anew, for example with bzcat FILE | gzip > FILE.gz",
    });
  }
  if (isZip(head)) throw userError({ where, what: "a zip within a zip", fix: "unpack the outer one first" });
}
