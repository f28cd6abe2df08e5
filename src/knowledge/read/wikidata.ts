/**
 * Wikidata's JSON dump (https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html).
 * @module
 */
import type { TripleObject } from "../knowledge.js";
import {
  isUsable,
  type LeftOut,
  type NameRank,
  type ReadKnowledgeOptions,
  type Statement,
  type Statements,
  usableText,
} from "../statement.js";
import { dateOf, numberOf } from "../values.js";

type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** A field of its own; none where the value is no object, such as the empty lists that stand for empty objects. */
const field = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** Whether a record is one of {@link readWikidata}. */
export const isWikidataRecord = (value: unknown): boolean =>
  /^[QPL]\d/.test(text(field(value, "id")) ?? "") &&
  ["labels", "claims", "lemmas"].some((key) => field(value, key) !== undefined);

const instanceOf = "P31";

/** Reads entities: labels and other names, types (`P31`), and of each property the statements of the best rank. */
export async function* readWikidata(
  records: AsyncIterable<{ readonly value: unknown; readonly where: string }>,
  options: ReadKnowledgeOptions,
): AsyncGenerator<Statements> {
  for await (const { value, where } of records) {
    const id = text(field(value, "id"));
    if (id === null || !/^[QPL][1-9]\d*$/.test(id)) {
      options.onFault("no-id", where);
      continue;
    }
    options.onRecords(1);
    if (id.startsWith("Q")) yield itemStatements(id, value, where, options);
    else if (id.startsWith("P")) yield propertyStatements(id, value, options);
    else options.onLeftOut("about-no-item", where);
  }
}

function propertyStatements(id: string, value: unknown, { language }: ReadKnowledgeOptions): Statements {
  const labels = field(value, "labels");
  const label = text(field(field(labels, language) ?? field(labels, "mul"), "value"))?.trim();
  return label && isUsable(label) ? [{ kind: "relation", id, label }] : [];
}

function itemStatements(id: string, value: unknown, where: string, options: ReadKnowledgeOptions): Statements {
  const statements: Statement[] = [];
  const { onLeftOut } = options;
  for (const [name, rank] of namesOf(value, options.language)) {
    if (isUsable(name)) statements.push({ kind: "name", entity: id, name, rank });
    else onLeftOut("unusable-text", where);
  }
  const claims = field(value, "claims");
  for (const [relation, all] of isObject(claims) ? Object.entries(claims) : []) {
    if (!isUsable(relation)) continue;
    for (const claim of bestOf(list(all), () => onLeftOut("deprecated", where))) {
      const object = objectOf(field(claim, "mainsnak"), options.language);
      if (typeof object === "string") {
        onLeftOut(object, where);
        continue;
      }
      if (relation === instanceOf && object.kind === "entity") {
        statements.push({ kind: "type", entity: id, type: object.id });
      }
      statements.push({ kind: "triple", subject: id, relation, object });
    }
  }
  return statements;
}

/** Names in a language, and those that serve for all (`mul`). */
function* namesOf(value: unknown, language: string): Generator<readonly [string, NameRank]> {
  const [labels, aliases] = [field(value, "labels"), field(value, "aliases")];
  const ranked = [
    [field(labels, language), 0],
    [field(labels, "mul"), 1],
    ...[...list(field(aliases, language)), ...list(field(aliases, "mul"))].map((one) => [one, 2] as const),
  ] as const;
  for (const [one, rank] of ranked) {
    const name = text(field(one, "value"));
    if (name !== null) yield [name.trim(), rank];
  }
}

/** The preferred statements of a property, or the normal ones where none is: what Wikidata calls truthy. */
function bestOf(claims: readonly unknown[], onDeprecated: () => void): readonly unknown[] {
  const sound = claims.filter((claim) => {
    if (field(claim, "rank") !== "deprecated") return true;
    onDeprecated();
    return false;
  });
  const preferred = sound.filter((claim) => field(claim, "rank") === "preferred");
  return preferred.length > 0 ? preferred : sound;
}

function objectOf(snak: unknown, language: string): TripleObject | LeftOut {
  const kind = field(snak, "snaktype");
  if (kind === "somevalue") return "unknown-value";
  if (kind === "novalue") return "no-value";
  if (field(snak, "datatype") === "external-id") return "external-id";
  const datavalue = field(snak, "datavalue");
  const value = field(datavalue, "value");
  switch (field(datavalue, "type")) {
    case "wikibase-entityid":
      return itemOf(value);
    case "time":
      return timeOf(value);
    case "quantity":
      return found("number", numberOf(text(field(value, "amount")) ?? ""));
    case "monolingualtext":
      if (field(value, "language") !== language && field(value, "language") !== "mul") return "other-language";
      return found("text", usableText(text(field(value, "text")) ?? ""));
    case "string":
      // Web addresses, files and formulas are strings, too.
      return [undefined, "string"].includes(field(snak, "datatype") as string | undefined)
        ? found("text", usableText(text(value) ?? ""))
        : "other-kind-of-value";
    default:
      return "other-kind-of-value";
  }
}

const found = (kind: "date" | "number" | "text", value: string | null): TripleObject | LeftOut =>
  value === null ? "unusable-text" : { kind, value };

/** Old dumps have no `id`, but a number and what it counts. */
function itemOf(value: unknown): TripleObject | LeftOut {
  const number = field(value, "numeric-id");
  const old = field(value, "entity-type") === "item" && typeof number === "number" ? `Q${number}` : "";
  const id = text(field(value, "id")) ?? old;
  return /^Q[1-9]\d*$/.test(id) ? { kind: "entity", id } : "about-no-item";
}

/** Precisions of Wikidata's dates (https://www.wikidata.org/wiki/Help:Dates#Precision). */
const [year, month] = [9, 10];

/** A date as exact as it is said to be. Years before Christ are counted as ISO 8601 does, which has a year 0. */
function timeOf(value: unknown): TripleObject | LeftOut {
  const precision = field(value, "precision");
  if (typeof precision !== "number") return "unusable-text";
  if (precision < year) return "imprecise-date";
  const [, sign, digits = "", rest = ""] = /^([+-])(\d+)(-\d\d-\d\d)T/.exec(text(field(value, "time")) ?? "") ?? [];
  if (sign === undefined || digits.length > 6) return "unusable-text";
  const counted = sign === "-" ? Number(digits) - 1 : Number(digits);
  const exact = precision === year ? "" : precision === month ? rest.slice(0, 3) : rest;
  const before = sign === "-" && counted > 0 ? "-" : "";
  return found("date", dateOf(`${before}${String(counted).padStart(4, "0")}${exact}`));
}
