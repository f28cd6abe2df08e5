/**
 * Files of names beside triples: an id, and what it is called.
 * @module
 */
import { type DataFile, fileName } from "../../data/bytes.js";
import { readRows, type Separator } from "../../data/csv.js";
import { beginning, readLines } from "../../data/records.js";
import { userError } from "../../errors.js";
import { isUsable, type ReadKnowledgeOptions, type Statement, type Statements } from "../statement.js";
import { describe, parts } from "./fact-fields.js";
import { Columns, columnName } from "./table.js";

const nameColumns = ["name", "names", "label", "alias", "aliases", "type", "types"] as const;

const expected =
  "lines of an id and names with tabs between them, or a table with the columns id, name, and perhaps aliases and type";

/** What a file names: things, or relations. */
export type Named = "entities" | "relations";

/**
 * Reads a file of names: without a header, an id and its names with tabs between them (as Wikidata5m's
 * `wikidata5m_entity.txt`); with one, CSV or TSV.
 */
export async function* readNames(
  file: DataFile,
  named: Named,
  { onFault, onRecords }: ReadKnowledgeOptions,
): AsyncGenerator<Statements> {
  for await (const { id, names, types, where } of rows(file)) {
    if (id === "" || !isUsable(id)) onFault(id === "" ? "no-id" : "unusable-id", where);
    else if (names.length === 0) onFault("no-names", where);
    else {
      const statements: Statement[] = [];
      const [label = ""] = names;
      const sound = describe(id, { names, types }, statements);
      if (!sound) onFault("unusable-name", where);
      else {
        onRecords(1);
        yield named === "entities" ? statements : [{ kind: "relation", id, label }];
      }
    }
  }
}

interface NameRow {
  readonly id: string;
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly where: string;
}

async function* rows(file: DataFile): AsyncGenerator<NameRow> {
  const [first = ""] = (await beginning(file)).split(/[\r\n]/);
  const separator = ([",", "\t", ";"] as const).find((one) => isHeader(first.split(one)));
  if (separator !== undefined) yield* tableRows(file, separator);
  else yield* lineRows(file);
}

const isHeader = (cells: readonly string[]) => {
  const names = cells.map((cell) => columnName(cell.replaceAll('"', "")));
  return names.includes("id") && nameColumns.some((name) => names.includes(name));
};

async function* tableRows(file: DataFile, separator: Separator): AsyncGenerator<NameRow> {
  let columns: Columns | undefined;
  for await (const { cells, where } of readRows(file, "id, name", separator)) {
    if (columns === undefined) columns = new Columns(cells, where, ["id", ...nameColumns]);
    else {
      const all = (...names: readonly (typeof nameColumns)[number][]) =>
        names.flatMap((name) => parts(columns?.cell(cells, name) ?? ""));
      const names = all("label", "name", "names", "alias", "aliases");
      yield { id: columns.cell(cells, "id"), names, types: all("type", "types"), where };
    }
  }
}

async function* lineRows(file: DataFile): AsyncGenerator<NameRow> {
  const path = fileName(file);
  for await (const { text, line } of readLines(file)) {
    if (text.trim() === "") continue;
    const where = `${path}:${line}`;
    const [id = "", ...names] = text.split("\t").map((cell) => cell.trim());
    if (line === 1 && names.length === 0) throw userError({ where, what: "the line has no tab", expected });
    yield { id, names: names.filter((name) => name !== ""), types: [], where };
  }
}

/** Reads triples of ids without a header, with tabs between them, as Wikidata5m and FB15k-237 have them. */
export async function* readIdTriples(
  file: DataFile,
  { onFault, onRecords }: ReadKnowledgeOptions,
): AsyncGenerator<Statements> {
  const path = fileName(file);
  for await (const { text, line } of readLines(file)) {
    if (text.trim() === "") continue;
    const where = `${path}:${line}`;
    const cells = text.split("\t").map((cell) => cell.trim());
    const [subject = "", relation = "", object = ""] = cells;
    if (cells.length !== 3) onFault("wrong-number-of-cells", where);
    else if (!cells.every(isUsable)) onFault("unusable-id", where);
    else {
      onRecords(1);
      yield [{ kind: "triple", subject, relation, object: { kind: "entity", id: object } }];
    }
  }
}
