import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { z } from "zod";
import { userError } from "../errors.js";
import { checkedUtf8 } from "../files/utf8.js";
import { readBytes } from "./bytes.js";
import { checkRecord, type JsonRecord, readJsonLines } from "./records.js";
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

/** Reads CosmosQA's CSV (with a header) or JSON Lines, plain or gzipped; which of them, its first character tells. */
export async function* readMultipleChoice(
  path: string,
  { unlabelled }: LabelOptions = {},
): AsyncGenerator<ChoiceExample> {
  const records = (await startsWithBrace(path)) ? readJsonLines(path) : readCsv(path);
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

async function startsWithBrace(path: string): Promise<boolean> {
  for await (const chunk of readBytes(path)) {
    const text = chunk
      .toString("utf8")
      .replace(/^\ufeff/, "")
      .trimStart();
    if (text !== "") return text.startsWith("{");
  }
  return false;
}

/** The rows of a CSV file (RFC 4180) as objects by the header's names. */
async function* readCsv(path: string): AsyncGenerator<JsonRecord> {
  const parser = parse({ bom: true, columns: true, info: true, skip_empty_lines: true, max_record_size: 2 ** 26 });
  // Errors of either stream come out of the loop below; the callback only keeps them from being thrown elsewhere.
  pipeline(Readable.from(checkedUtf8(readBytes(path), path)), parser, () => undefined);
  try {
    for await (const { record: value, info } of parser as AsyncIterable<{ record: unknown; info: { lines: number } }>) {
      yield { key: undefined, value, where: `${path}:${info.lines}` };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw userError({
      where: path,
      what: `not CSV (${error.message.replace(/\s+/g, " ")})`,
      expected: "CSV with a header: id, context, question, answer0 to answer3, label",
      fix: "repair the file",
    });
  }
}
