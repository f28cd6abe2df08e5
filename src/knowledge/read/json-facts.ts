/**
 * Facts as JSON: one record a line, or an array of them.
 * @module
 */
import { z } from "zod";
import { knowledgeBounds } from "../../files/bounds.js";
import { judge } from "../../files/json.js";
import { listOf } from "../../files/lists.js";
import type { ReadKnowledgeOptions, Statements } from "../statement.js";
import { factStatements } from "./fact-fields.js";

/** `42` is the text `42`. */
const text = z.union([z.string(), z.number().transform(String)]);
const texts = z.union([text.transform((one) => [one]), listOf(text, { most: knowledgeBounds.ofOneEntity })]).nullish();

/** The fields of a table's columns; of names and types a list, too. */
const factRecord = z.object({
  subject: texts,
  subject_id: text.nullish(),
  subject_type: texts,
  relation: z.string().nullish(),
  relation_id: text.nullish(),
  object: texts,
  object_id: text.nullish(),
  object_type: texts,
  aliases: texts,
});

/** LAMA's, as far as they are read. */
const lamaRecord = z.object({
  sub_label: z.string().nullish(),
  sub_uri: z.string().nullish(),
  obj_label: z.string(),
  obj_uri: z.string().nullish(),
  predicate_id: z.string().nullish(),
});

const has = (value: unknown, key: string) => typeof value === "object" && value !== null && Object.hasOwn(value, key);

/** Whether a record has the fields of {@link readJsonFacts}. */
export const isFactRecord = (value: unknown): boolean =>
  (has(value, "subject") || has(value, "subject_id")) && (has(value, "relation") || has(value, "relation_id"));

/** Whether a record is of LAMA's T-REx, which has ids. */
export const isLamaRecord = (value: unknown): boolean => has(value, "obj_label") && has(value, "predicate_id");

const list = (given: readonly string[] | null | undefined) =>
  (given ?? []).map((one) => one.trim()).filter((one) => one !== "");
const one = (given: string | null | undefined) => given?.trim() || null;

/** Reads records of facts. */
export async function* readJsonFacts(
  records: AsyncIterable<{ readonly value: unknown; readonly where: string }>,
  { onFault, onRecords }: ReadKnowledgeOptions,
): AsyncGenerator<Statements> {
  for await (const { value, where } of records) {
    const statements = isLamaRecord(value) ? ofLama(value) : ofRecord(value);
    if (typeof statements === "string") onFault(statements, where);
    else {
      onRecords(1);
      yield statements;
    }
  }
}

function ofRecord(value: unknown) {
  const judged = judge(factRecord, value);
  if (!("data" in judged)) return "wrong-field";
  const { data } = judged;
  return factStatements({
    subject: { id: one(data.subject_id), names: list(data.subject), types: list(data.subject_type) },
    relation: { id: one(data.relation_id), label: one(data.relation) },
    object: {
      id: one(data.object_id),
      names: [...list(data.object), ...list(data.aliases)],
      types: list(data.object_type),
    },
  });
}

function ofLama(value: unknown) {
  const judged = judge(lamaRecord, value);
  if (!("data" in judged)) return "wrong-field";
  const { sub_label, sub_uri, obj_label, obj_uri, predicate_id } = judged.data;
  return factStatements({
    subject: { id: one(sub_uri), names: list([sub_label ?? ""]), types: [] },
    relation: { id: one(predicate_id), label: null },
    object: { id: one(obj_uri), names: list([obj_label]), types: [] },
  });
}
