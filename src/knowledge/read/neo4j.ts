/**
 * Neo4j's tables: nodes and relationships as `neo4j-admin database import` takes them
 * (https://neo4j.com/docs/operations-manual/current/import/), and the single file of `apoc.export.csv.all`.
 * @module
 */
import type { DataFile } from "../../data/bytes.js";
import { type Row, readRows, type Separator } from "../../data/csv.js";
import { userError } from "../../errors.js";
import { type Fault, isUsable, type ReadKnowledgeOptions, type Statement, type Statements } from "../statement.js";
import { valueByLooks, valueOfKind } from "../values.js";
import { describe } from "./fact-fields.js";

/** What a column is: of a node or relationship its parts, or a property. */
type Role = "id" | "labels" | "start" | "end" | "type" | "property" | "ignored";

interface Column {
  readonly role: Role;
  /** A property's name. */
  readonly name: string;
  /** `int`, `string[]`; empty where the header tells none. */
  readonly type: string;
  /** The space that ids stand in, `Person` of `:ID(Person)`; ids of two spaces are two. */
  readonly space: string;
}

const roles: Readonly<Record<string, Role>> = {
  ID: "id",
  LABEL: "labels",
  START_ID: "start",
  END_ID: "end",
  TYPE: "type",
  IGNORE: "ignored",
};
const apocRoles: Readonly<Record<string, Role>> = {
  _id: "id",
  _labels: "labels",
  _start: "start",
  _end: "end",
  _type: "type",
};

const special = /^([^:]*):(ID|LABEL|START_ID|END_ID|TYPE|IGNORE)(?:\(([^)]*)\))?/i;

function columnOf(cell: string): Column {
  const header = cell.trim();
  const apoc = Object.hasOwn(apocRoles, header) ? apocRoles[header] : undefined;
  if (apoc) return { role: apoc, name: "", type: "", space: "" };
  const [, name = "", role, space = ""] = special.exec(header) ?? [];
  if (role !== undefined) return { role: roles[role.toUpperCase()] ?? "ignored", name, type: "", space };
  const [property = "", type = ""] = header.split(":");
  return { role: "property", name: property.trim(), type: type.trim().toLowerCase(), space: "" };
}

/** Whether a header is one of {@link readNeo4j}. */
export function isNeo4jHeader(header: readonly string[]): boolean {
  const found = new Set(header.map((cell) => columnOf(cell).role));
  return found.has("id")
    ? header.some((cell) => cell.includes(":ID")) || found.has("labels")
    : found.has("start") && found.has("end");
}

/** Columns that name a node, the label's first. */
const nameColumns = ["name", "label", "title", "names", "alias", "aliases"];

/** Reads a table of nodes, of relationships, or of both. A node's other properties become facts about it. */
export async function* readNeo4j(
  file: DataFile,
  separator: Separator,
  options: ReadKnowledgeOptions,
): AsyncGenerator<Statements> {
  let columns: readonly Column[] | undefined;
  for await (const { cells, where } of readRows(file, ":ID,:LABEL,name or :START_ID,:END_ID,:TYPE", separator)) {
    if (columns === undefined) {
      columns = checkedHeader(cells, where);
      continue;
    }
    const statements =
      cells.length === columns.length ? ofRow(columns, { cells, where }, options) : "wrong-number-of-cells";
    if (typeof statements === "string") options.onFault(statements, where);
    else {
      options.onRecords(1);
      yield statements;
    }
  }
}

function checkedHeader(cells: readonly string[], where: string): readonly Column[] {
  if (isNeo4jHeader(cells)) return cells.map(columnOf);
  throw userError({
    where,
    what: "the header is none of Neo4j's",
    expected:
      ":ID,:LABEL,name for nodes, :START_ID,:END_ID,:TYPE for relationships, or _id,_labels,…,_start,_end,_type",
  });
}

function ofRow(columns: readonly Column[], row: Row, options: ReadKnowledgeOptions): Statements | Fault {
  const cell = (role: Role) => row.cells[columns.findIndex((column) => column.role === role)]?.trim() ?? "";
  const id = (role: Role) => {
    const { space } = columns.find((column) => column.role === role) ?? { space: "" };
    return space === "" ? cell(role) : `${space}/${cell(role)}`;
  };
  if (cell("start") !== "" || cell("end") !== "") {
    const [subject, object, relation] = [id("start"), id("end"), cell("type")];
    if (cell("start") === "") return "no-subject";
    if (cell("end") === "") return "no-object";
    if (relation === "") return "no-relation";
    if (![subject, object, relation].every(isUsable)) return "unusable-id";
    return [{ kind: "triple", subject, relation, object: { kind: "entity", id: object } }];
  }
  if (cell("id") === "") return "no-id";
  return isUsable(id("id")) ? nodeStatements(id("id"), cell("labels"), columns, row, options) : "unusable-id";
}

/** `;` stands between the items of a list, `[…]` around APOC's. */
const items = (cell: string): readonly string[] => {
  const plain = /^\[.*\]$/.test(cell) ? cell.slice(1, -1).replaceAll('"', "").replaceAll(",", ";") : cell;
  return plain
    .split(";")
    .map((one) => one.trim())
    .filter((one) => one !== "");
};

function nodeStatements(
  id: string,
  labels: string,
  columns: readonly Column[],
  { cells, where }: Row,
  { onLeftOut }: ReadKnowledgeOptions,
): Statements | Fault {
  const statements: Statement[] = [];
  // APOC writes `:Person:Actor`.
  const types = labels.split(/[;:]/).filter((type) => type !== "");
  const names = nameColumns.flatMap((name) => {
    const place = columns.findIndex((column) => column.role === "property" && column.name.toLowerCase() === name);
    const value = cells[place]?.trim() ?? "";
    const several = name === "names" || name.startsWith("alias") || columns[place]?.type.endsWith("[]");
    return several ? items(value) : value === "" ? [] : [value];
  });
  if (!describe(id, { names, types }, statements)) return "unusable-name";
  columns.forEach(({ role, name, type }, i) => {
    const value = cells[i]?.trim() ?? "";
    if (role !== "property" || value === "" || !isUsable(name) || nameColumns.includes(name.toLowerCase())) return;
    const found = type.startsWith("bool") ? "true-or-false" : (propertyValue(value, type) ?? "unusable-text");
    if (typeof found === "string") onLeftOut(found, where);
    else statements.push({ kind: "triple", subject: id, relation: name, object: found });
  });
  return statements;
}

const numberTypes = /^(int|long|float|double|byte|short)$/;
const dateTypes = /^(date|datetime|localdatetime)(\{.*)?$/;

function propertyValue(value: string, type: string) {
  if (numberTypes.test(type)) return valueOfKind("number", value);
  if (dateTypes.test(type)) return valueOfKind("date", value);
  return (type === "" ? valueByLooks(value) : null) ?? valueOfKind("text", value);
}
