/**
 * Records of subject, relation and object, whatever file they come from.
 * @module
 */
import type { TripleObject } from "../knowledge.js";
import { type Fault, isUsable, type Statement, type Statements } from "../statement.js";
import { type ValueKind, valueByLooks, valueOfKind } from "../values.js";

/** What a record says of its subject or its object. */
export interface Side {
  readonly id: string | null;
  /** The first is its label; trimmed, none is empty. */
  readonly names: readonly string[];
  readonly types: readonly string[];
}

/** A record's fields. */
export interface FactFields {
  readonly subject: Side;
  readonly relation: { readonly id: string | null; readonly label: string | null };
  readonly object: Side;
}

/** Names and types of a cell: there is `|` between them. */
export const parts = (cell: string): readonly string[] =>
  cell
    .split("|")
    .map((part) => part.trim())
    .filter((part) => part !== "");

const valueKinds: Readonly<Record<string, ValueKind>> = {
  date: "date",
  number: "number",
  text: "text",
  string: "text",
};

/** The statements of a record; or what is wrong with it. */
export function factStatements({ subject, relation, object }: FactFields): Statements | Fault {
  const subjectId = subject.id ?? subject.names[0];
  const relationId = relation.id ?? relation.label;
  if (subjectId === undefined) return "no-subject";
  if (!relationId) return "no-relation";
  const found = objectOf(object);
  if (typeof found === "string") return found;
  if (!isUsable(subjectId) || !isUsable(relationId) || !isUsable(relation.label ?? "-")) return "unusable-id";
  const statements: Statement[] = [];
  if (!describe(subjectId, subject, statements)) return "unusable-name";
  if (found.kind === "entity" && !describe(found.id, object, statements)) return "unusable-name";
  if (relation.label) statements.push({ kind: "relation", id: relationId, label: relation.label });
  statements.push({ kind: "triple", subject: subjectId, relation: relationId, object: found });
  return statements;
}

/** What an id and other names say is an entity; else its type tells, or its looks. */
function objectOf({ id, names, types }: Side): TripleObject | Fault {
  if (id !== null) return isUsable(id) ? { kind: "entity", id } : "unusable-id";
  const [name, ...others] = names;
  if (name === undefined) return "no-object";
  const kind = types.length === 1 ? valueKinds[(types[0] ?? "").toLowerCase()] : undefined;
  if (kind !== undefined) return valueOfKind(kind, name) ?? "unreadable-value";
  const value = others.length === 0 && types.length === 0 ? valueByLooks(name) : null;
  if (value !== null) return value;
  return isUsable(name) ? { kind: "entity", id: name } : "unusable-name";
}

/** Says an entity's names and types; false where one of them cannot be used. */
export function describe(id: string, { names, types }: Omit<Side, "id">, statements: Statement[]): boolean {
  if (!names.every(isUsable) || !types.every(isUsable)) return false;
  names.forEach((name, i) => {
    statements.push({ kind: "name", entity: id, name, rank: i === 0 ? 0 : 2 });
  });
  for (const type of types) statements.push({ kind: "type", entity: id, type });
  return true;
}
