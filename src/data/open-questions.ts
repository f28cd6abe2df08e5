/**
 * Open-domain questions with the paragraphs that a search found for them: thunlp/OpenQA's layout, Quasar-T and
 * SearchQA's raw records. One question is held at a time.
 * @module
 */

import { z } from "zod";
import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { recordBytes } from "../files/bounds.js";
import { listOf } from "../files/lists.js";
import { decodeUtf8 } from "../files/utf8.js";
import { Buffer } from "../host/bytes.js";
import { readdir, stat } from "../host/files.js";
import { basename, dirname, join } from "../host/paths.js";
import { readBytes } from "./bytes.js";
import { beginning, checkRecord, type JsonRecord, parseRecord, readJsonLines, readJsonRecords } from "./records.js";
import type { LabelOptions } from "./relation-example.js";
import type { OnSkip } from "./skips.js";

export interface OpenQuestion {
  readonly id?: string;
  readonly question: string;
  /** Right answers, any of them; empty where they are not told. */
  readonly answers: readonly string[];
  readonly paragraphs: readonly string[];
  /** `file:line` */
  readonly where: string;
}

export interface OpenQuestionOptions extends LabelOptions {
  /** Most paragraphs of a question; those after are left out (thunlp/OpenQA takes 50). */
  readonly maxParagraphs?: number;
  /** Told of every paragraph that is left out for what it holds. */
  readonly onSkip: OnSkip<ParagraphSkip>;
}

/** Why a paragraph is left out. */
export type ParagraphSkip = "paragraph-of-few-words" | "empty-paragraph";

/** thunlp/OpenQA's reader leaves out paragraphs of fewer words. */
const fewestWords = 6;

const answers = listOf(z.string(), { most: 10_000 });
const thunlpQuestion = z.object({ question: z.string(), answers });
const thunlpParagraphs = listOf(z.object({ document: listOf(z.string()) }), { most: 100_000 });
const quasarQuestion = z.object({ uid: z.string(), question: z.string(), answer: z.string() });
const quasarContexts = z.object({
  uid: z.string(),
  contexts: listOf(z.tuple([z.union([z.number(), z.string()]), z.string()]), { most: 100_000 }),
});
const searchRecord = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  question: z.string(),
  answer: z.string().nullish(),
  search_results: listOf(z.object({ snippet: z.string().nullish() })).nullish(),
});

/**
 * Reads questions with their paragraphs; what the path names tells the layout.
 *
 * - `X.txt` beside `X.json` (either may be gzipped, either may be named): thunlp/OpenQA
 * - `X_questions.json` with `X_contexts.json` beside it, or in `../contexts/short` or `../contexts/long`: Quasar-T
 * - a folder of JSON files, or one such file: SearchQA's raw records
 */
export async function* readOpenQuestions(path: string, options: OpenQuestionOptions): AsyncGenerator<OpenQuestion> {
  const limit = options.maxParagraphs ?? Number.POSITIVE_INFINITY;
  for await (const found of await readLayout(path, options.onSkip)) {
    const question = { ...found, paragraphs: found.paragraphs.slice(0, limit) };
    if (options.unlabelled) yield { ...question, answers: [] };
    else if (question.answers.some((answer) => answer.trim() !== "")) yield question;
    else {
      throw userError({
        where: question.where,
        what: "the question has no answer",
        fix: "repair the record, or use the file with predict",
      });
    }
  }
}

async function readLayout(path: string, onSkip: OnSkip<ParagraphSkip>): Promise<AsyncGenerator<OpenQuestion>> {
  const info = await stat(path).catch((error: unknown) => {
    throw fileError(path, "read the file", error);
  });
  if (info.isDirectory()) return readSearchFolder(path, onSkip);
  const stem = path.replace(/\.gz$/, "").replace(/\.(txt|jsonl?)$/, "");
  if (stem.endsWith("_questions")) return readQuasar(path, await contextsBeside(stem, path));
  const [questions, paragraphs] = [await existing(`${stem}.txt`), await existing(`${stem}.json`)];
  if (questions && paragraphs) return readThunlp(questions, paragraphs, onSkip);
  if (/\.txt(\.gz)?$/.test(path)) throw missing(path, `${stem}.json`, "the paragraphs of its questions");
  return readSearchFile(path, onSkip);
}

/** A file, or the same gzipped; null where neither is there. */
async function existing(path: string): Promise<string | null> {
  for (const name of [path, `${path}.gz`]) if (await stat(name).catch(() => null)) return name;
  return null;
}

function missing(path: string, other: string, what: string): Error {
  return userError({ where: path, what: `there is no ${other} with ${what}`, fix: "put it there" });
}

async function contextsBeside(stem: string, path: string): Promise<string> {
  const name = `${basename(stem).replace(/_questions$/, "_contexts")}.json`;
  const folder = dirname(stem);
  for (const place of [".", join("..", "contexts", "short"), join("..", "contexts", "long")]) {
    const found = await existing(join(folder, place, name));
    if (found) return found;
  }
  throw missing(path, name, "the paragraphs of its questions, beside it or in ../contexts/short");
}

/** The records of two files, line by line; both must have equally many. */
async function* inStep(first: string, second: string): AsyncGenerator<readonly [JsonRecord, JsonRecord]> {
  const others = readJsonLines(second);
  try {
    for await (const record of readJsonLines(first)) {
      const other = await others.next();
      if (other.done) {
        throw userError({ where: record.where, what: `${second} has no line for it`, fix: "give files of one set" });
      }
      yield [record, other.value];
    }
    const more = await others.next();
    if (!more.done) {
      throw userError({ where: more.value.where, what: `${first} has no line for it`, fix: "give files of one set" });
    }
  } finally {
    await others.return(undefined);
  }
}

async function* readThunlp(
  questions: string,
  paragraphs: string,
  onSkip: OnSkip<ParagraphSkip>,
): AsyncGenerator<OpenQuestion> {
  for await (const [first, second] of inStep(questions, paragraphs)) {
    const { question, answers: right } = checkRecord(thunlpQuestion, first.value, first.where, "thunlp/OpenQA");
    const documents = checkRecord(thunlpParagraphs, second.value, second.where, "thunlp/OpenQA");
    const kept = documents.filter(({ document: { length } }) => {
      if (length < fewestWords) onSkip("paragraph-of-few-words", second.where);
      return length >= fewestWords;
    });
    yield {
      question,
      answers: right,
      paragraphs: kept.map(({ document }) => document.join(" ")),
      where: first.where,
    };
  }
}

async function* readQuasar(questions: string, contexts: string): AsyncGenerator<OpenQuestion> {
  for await (const [first, second] of inStep(questions, contexts)) {
    const { uid, question, answer } = checkRecord(quasarQuestion, first.value, first.where, "Quasar-T");
    const found = checkRecord(quasarContexts, second.value, second.where, "Quasar-T");
    if (found.uid !== uid) {
      throw userError({
        where: second.where,
        what: `field "uid": the paragraphs are those of ${found.uid}, the question is ${uid}`,
        fix: "give files of one set",
      });
    }
    yield {
      id: uid,
      question,
      answers: [answer],
      paragraphs: found.contexts.map(([, text]) => text),
      where: first.where,
    };
  }
}

async function* readSearchFolder(folder: string, onSkip: OnSkip<ParagraphSkip>): AsyncGenerator<OpenQuestion> {
  const names = (await readdir(folder)).filter((name) => /\.json(\.gz)?$/.test(name)).sort();
  if (names.length === 0) {
    throw userError({ where: folder, what: "the folder holds no JSON files", expected: "SearchQA's raw records" });
  }
  for (const name of names) yield* readSearchFile(join(folder, name), onSkip);
}

/** A raw record a file, or an array of them. */
async function* readSearchFile(path: string, onSkip: OnSkip<ParagraphSkip>): AsyncGenerator<OpenQuestion> {
  for await (const { value, where } of wholeRecords(path)) {
    const { id, question, answer, search_results } = checkRecord(searchRecord, value, where, "SearchQA");
    const snippets = (search_results ?? []).map(({ snippet }) => (snippet ?? "").replace(/\s+/g, " ").trim());
    yield {
      ...(id === undefined || id === null ? {} : { id: String(id) }),
      question,
      answers: answer ? [answer] : [],
      paragraphs: snippets.filter((snippet) => {
        if (snippet === "") onSkip("empty-paragraph", where);
        return snippet !== "";
      }),
      where,
    };
  }
}

/** The records of an array, or the one that the file is, which may be spread over lines. */
async function* wholeRecords(path: string): AsyncGenerator<JsonRecord> {
  if ((await beginning(path)).startsWith("[")) return yield* readJsonRecords(path);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of readBytes(path)) {
    parts.push(chunk);
    size += chunk.length;
    if (size > recordBytes) throw userError({ where: path, what: `a record of more than ${recordBytes} bytes` });
  }
  const text = decodeUtf8(Buffer.concat(parts), path).replace(/^\ufeff/, "");
  yield { key: undefined, value: parseRecord(text, path), where: path };
}
