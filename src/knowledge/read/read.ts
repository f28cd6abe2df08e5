import { type DataFile, fileName } from "../../data/bytes.js";
import { readFacts } from "../../data/facts.js";
import { userError } from "../../errors.js";
import { isFolder } from "../../files/folder.js";
import type { KnowledgeFormat } from "../formats.js";
import type { ReadKnowledgeOptions, Statements } from "../statement.js";
import { type Recognised, recognise } from "./detect.js";
import { factStatements } from "./fact-fields.js";
import { readJsonFacts } from "./json-facts.js";
import { soundRecords } from "./json-records.js";
import { readIdTriples } from "./name-files.js";
import { readNeo4j } from "./neo4j.js";
import { readNTriples } from "./ntriples.js";
import { readTable } from "./table.js";
import { readTurtle } from "./turtle.js";
import { readWikidata } from "./wikidata.js";

/** A file's statements, and what format they were read from. */
export interface KnowledgeFile {
  readonly format: KnowledgeFormat;
  readonly statements: AsyncIterable<Statements>;
}

/**
 * Reads a file of knowledge of any known format.
 *
 * @param asked its format; by content if it is left out
 * @throws UserError where it is of no known format, or not sound
 */
export async function readKnowledge(
  file: DataFile,
  asked: KnowledgeFormat | undefined,
  options: ReadKnowledgeOptions,
): Promise<KnowledgeFile> {
  const folder = typeof file === "string" && (await isFolder(file));
  const found: Recognised = folder ? { format: "facts", separator: "," } : await recognise(file, asked);
  return { format: found.format, statements: statementsOf(file, found, options) };
}

function statementsOf(
  file: DataFile,
  { format, separator }: Recognised,
  options: ReadKnowledgeOptions,
): AsyncIterable<Statements> {
  switch (format) {
    case "csv":
    case "tsv":
      return readTable(file, separator, options);
    case "jsonl":
      return readJsonFacts(soundRecords(file, options), options);
    case "triples":
      return readIdTriples(file, options);
    case "ntriples":
      return readNTriples(file, options);
    case "turtle":
      return readTurtle(file, options);
    case "wikidata":
      return readWikidata(soundRecords(file, options), options);
    case "neo4j":
      return readNeo4j(file, separator, options);
    case "facts":
      return readOtherFacts(file, options);
  }
}

/** What `teach` reads as facts: sentences with marked names, folders of LAMA's. */
async function* readOtherFacts(
  file: DataFile,
  { onFault, onRecords, onLeftOut }: ReadKnowledgeOptions,
): AsyncGenerator<Statements> {
  if (typeof file !== "string") {
    throw userError({ where: fileName(file), what: "facts of this form are not read from archives", fix: "unpack it" });
  }
  for await (const { subject, relation, object, aliases, where } of readFacts(file, { onSkip: onLeftOut })) {
    const statements = factStatements({
      subject: { id: null, names: [subject], types: [] },
      relation: { id: null, label: relation },
      object: { id: null, names: [object, ...aliases], types: [] },
    });
    if (typeof statements === "string") onFault(statements, where);
    else {
      onRecords(1);
      yield statements;
    }
  }
}
