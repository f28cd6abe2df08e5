/**
 * Tables of facts: CSV and TSV with a header.
 * @module
 */
import type { DataFile } from "../../data/bytes.js";
import { readRows, type Separator } from "../../data/csv.js";
import { userError } from "../../errors.js";
import type { ReadKnowledgeOptions, Statements } from "../statement.js";
import { factStatements, parts } from "./fact-fields.js";

/** The columns of a table of facts. */
export const factColumns = [
  "subject",
  "subject_id",
  "subject_type",
  "relation",
  "relation_id",
  "object",
  "object_id",
  "object_type",
  "aliases",
] as const;
type FactColumn = (typeof factColumns)[number];

const wanted =
  "subject, relation and object, and perhaps subject_id, subject_type, relation_id, object_id, object_type, aliases";

/** `Subject ID ` is `subject_id`. */
export const columnName = (cell: string): string => cell.trim().toLowerCase().replaceAll(/[ -]/g, "_");

/** Where columns stand, and a cell of a row by its column, trimmed; empty where there is none. */
export class Columns {
  readonly #places = new Map<string, number>();

  /** @throws UserError where a column comes twice */
  constructor(
    header: readonly string[],
    readonly where: string,
    known: readonly string[],
  ) {
    header.map(columnName).forEach((name, place) => {
      if (!known.includes(name)) return;
      if (this.#places.has(name)) throw userError({ where, what: `the column ${name} comes twice`, fix: "rename one" });
      this.#places.set(name, place);
    });
  }

  has(...names: readonly string[]): boolean {
    return names.some((name) => this.#places.has(name));
  }

  cell(row: readonly string[], name: string): string {
    return row[this.#places.get(name) ?? -1]?.trim() ?? "";
  }
}

/** Whether a header names the columns of a table of facts. */
export const isFactHeader = (header: readonly string[]): boolean => {
  const names = header.map(columnName);
  return ["subject", "relation", "object"].every((name) => names.includes(name) || names.includes(`${name}_id`));
};

/** Reads the facts of a table with a header. */
export async function* readTable(
  file: DataFile,
  separator: Separator,
  { onFault, onRecords }: ReadKnowledgeOptions,
): AsyncGenerator<Statements> {
  let columns: Columns | undefined;
  let width = 0;
  for await (const { cells, where } of readRows(file, wanted, separator)) {
    if (columns === undefined) {
      columns = factHeader(cells, where);
      width = cells.length;
      continue;
    }
    const statements = cells.length === width ? ofRow(columns, cells) : "wrong-number-of-cells";
    if (typeof statements === "string") onFault(statements, where);
    else {
      onRecords(1);
      yield statements;
    }
  }
}

function factHeader(cells: readonly string[], where: string): Columns {
  if (isFactHeader(cells)) return new Columns(cells, where, factColumns);
  throw userError({
    where,
    what: "the header lacks a column",
    expected: `the columns ${wanted}`,
    fix: "name the columns in the first line",
  });
}

function ofRow(columns: Columns, row: readonly string[]) {
  const cell = (name: FactColumn) => columns.cell(row, name);
  return factStatements({
    subject: { id: cell("subject_id") || null, names: parts(cell("subject")), types: parts(cell("subject_type")) },
    relation: { id: cell("relation_id") || null, label: cell("relation") || null },
    object: {
      id: cell("object_id") || null,
      names: [...parts(cell("object")), ...parts(cell("aliases"))],
      types: parts(cell("object_type")),
    },
  });
}
