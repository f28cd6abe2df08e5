import { z } from "zod";
import { userError } from "../errors.js";
import { readCsv } from "./csv.js";
import { beginning, checkRecord, readRecords } from "./records.js";
import type { LabelOptions } from "./relation-example.js";

/** A question about a context, with answers to choose from. */
export interface ChoiceExample {
  readonly id?: string;
  readonly context: string;
  readonly question: string;
  readonly answers: readonly string[];
  /** Index of the right answer; -1 where it is not told. */
  readonly label: number;
  /** `file:line` */
  readonly where: string;
}

const columns = "id, context, question, answer0 to answer3, label";

const answer = z.string();
const record = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  context: z.string().min(1),
  question: z.string(),
  answer0: answer,
  answer1: answer,
  answer2: answer,
  answer3: answer,
  label: z.union([z.int(), z.string()]).nullish(),
});

/** Reads CosmosQA's CSV (with a header), JSON Lines or a JSON array, plain or gzipped; which of them, its first sign tells. */
export async function* readMultipleChoice(
  path: string,
  { unlabelled }: LabelOptions = {},
): AsyncGenerator<ChoiceExample> {
  const records = /^[{[]/.test(await beginning(path)) ? readRecords(path) : readCsv(path, columns);
  for await (const { value, where } of records) {
    const { id, context, question, label, ...answers } = checkRecord(record, value, where, "CosmosQA");
    const choices = [answers.answer0, answers.answer1, answers.answer2, answers.answer3];
    const named = id === undefined || id === null || id === "" ? {} : { id: String(id) };
    const right = unlabelled ? -1 : labelOf(label, choices.length, where);
    yield { ...named, context, question, answers: choices, label: right, where };
  }
}

function labelOf(label: number | string | null | undefined, choices: number, where: string): number {
  const index = typeof label === "string" && /^\d+$/.test(label) ? Number(label) : label;
  if (typeof index === "number" && index >= 0 && index < choices) return index;
  throw userError({
    where,
    what: `field "label": ${label === undefined || label === null || label === "" ? "it is missing" : JSON.stringify(label)}`,
    expected: `0 to ${choices - 1}`,
    fix: "repair the record, or use the file with predict",
  });
}
