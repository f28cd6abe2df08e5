import type { z } from "zod";
import { UserError, userError } from "../errors.js";
import { recordBytes } from "../files/bounds.js";
import { judge, parseJson, parseShallowJson } from "../files/json.js";
import { decodeUtf8, refuseUtf16 } from "../files/utf8.js";
import { Buffer } from "../host/bytes.js";
import { stat } from "../host/files.js";
import { withArticle } from "../phrases.js";
import { type DataFile, fileName, readBytes } from "./bytes.js";
import { defaultJsonLimits, type JsonLimits, JsonSplitter } from "./json-splitter.js";

/** A line of a text file. */
export interface Line {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A JSON value from a file. */
export interface JsonRecord {
  /** The key of the array it stands in, where the file is an object of arrays. */
  readonly key: string | undefined;
  readonly value: unknown;
  /** `file:line` of its start. */
  readonly where: string;
}

/** The bytes of a file without a byte order mark. */
async function* withoutMark(path: DataFile): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of readBytes(path)) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < 3) continue;
    yield head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? head.subarray(3) : head;
    head = undefined;
  }
  if (head !== undefined && head.length > 0) yield head;
}

/** Refuses what gives its content only once; whether there is anything is seen when it is read. */
async function refusePipe(path: DataFile): Promise<void> {
  if (typeof path !== "string") return;
  const found = await stat(path).catch(() => null);
  if (!found?.isFIFO() && !found?.isSocket()) return;
  throw userError({
    where: path,
    what: "data cannot come through a pipe: they are read more than once",
    fix: "write them into a file first",
  });
}

/**
 * The first bytes of a file that is read on from its start afterwards; byte order mark left out.
 *
 * @throws UserError where it is a pipe, or UTF-16
 */
export async function beginning(file: DataFile): Promise<string> {
  await refusePipe(file);
  let head = Buffer.alloc(0);
  for await (const chunk of readBytes(file)) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= 4096) break;
  }
  refuseUtf16(head, fileName(file));
  return head
    .subarray(0, 4096)
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
}

const [lineFeed, carriageReturn] = [0x0a, 0x0d];

/**
 * The lines of a text file, gzipped or not, one after the other. UTF-8 is checked, a byte order mark and `\r` before
 * `\n` are dropped, and a line longer than 64 MB is an error. A file that begins with a `\r` and no `\n` for as long as
 * one looks ahead has lines that end with `\r` alone.
 */
export async function* readLines(file: DataFile): AsyncGenerator<Line> {
  const path = fileName(file);
  let parts: Buffer[] = [];
  let size = 0;
  let line = 1;
  let end: number | undefined;
  const take = (last: Buffer): Line => {
    const bytes = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    parts = [];
    size = 0;
    const text = decodeUtf8(bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes, `${path}:${line}`);
    return { text, line: line++ };
  };
  for await (const chunk of withoutMark(file)) {
    let start = 0;
    end ??= chunk.includes(carriageReturn) && !chunk.includes(lineFeed) ? carriageReturn : lineFeed;
    for (let at = chunk.indexOf(end); at >= 0; at = chunk.indexOf(end, start)) {
      yield take(chunk.subarray(start, at));
      start = at + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > recordBytes) {
      throw userError({
        where: `${path}:${line}`,
        what: `a line is longer than ${recordBytes} bytes`,
        fix: "break it up",
      });
    }
  }
  if (size > 0) yield take(Buffer.alloc(0));
}

const oneValue = { expected: "one JSON value", fix: "repair the record" };

/** The JSON value of a record. */
export const parseRecord = (text: string, where: string): unknown => parseJson(text, where, oneValue);

/** Told of a record that is no JSON, where the records after it are read all the same. */
export type OnBrokenRecord = (error: UserError, where: string) => void;

/** What a record is made of; null, and told, where it is no JSON and somebody wants to know. */
function orBroken<T>(make: () => T, where: string, onBroken: OnBrokenRecord | undefined): { readonly made: T } | null {
  try {
    return { made: make() };
  } catch (error) {
    if (onBroken === undefined || !(error instanceof UserError)) throw error;
    onBroken(error, where);
    return null;
  }
}

/** The values of a JSON Lines file; empty lines are passed over. */
export async function* readJsonLines(file: DataFile, onBroken?: OnBrokenRecord): AsyncGenerator<JsonRecord> {
  for await (const { text, line } of readLines(file)) {
    if (text.trim() === "") continue;
    const where = `${fileName(file)}:${line}`;
    const value = orBroken(() => parseRecord(text, where), where, onBroken);
    if (value !== null) yield { key: undefined, value: value.made, where };
  }
}

/**
 * The records of a file that is one JSON array, or one object of arrays, however large: one record at a time is held,
 * of at most 64 MB and 100 open brackets (`limits`).
 */
export async function* readJsonRecords(
  file: DataFile,
  limits: Partial<JsonLimits> = {},
  onBroken?: OnBrokenRecord,
): AsyncGenerator<JsonRecord> {
  const path = fileName(file);
  const splitter = new JsonSplitter(path, { ...defaultJsonLimits, ...limits });
  for await (const chunk of withoutMark(file)) {
    for (const piece of splitter.push(chunk)) {
      const where = `${path}:${piece.line}`;
      // The splitter has counted its brackets.
      const parse = () => parseShallowJson(decodeUtf8(piece.bytes, where), where, oneValue);
      const value = orBroken(parse, where, onBroken);
      if (value !== null) yield { key: piece.key, value: value.made, where };
    }
  }
  splitter.end();
}

/** The records of a file that is one JSON array, or JSON Lines: its first sign tells. Each is an object. */
export async function* readRecords(file: DataFile): AsyncGenerator<JsonRecord> {
  yield* (await beginning(file)).startsWith("[") ? readJsonRecords(file) : readJsonLines(file);
}

/** Checks a record's shape; the error names the first field that is wrong. */
export function checkRecord<T>(schema: z.ZodType<T>, value: unknown, where: string, format: string): T {
  const judged = judge(schema, value);
  if ("data" in judged) return judged.data;
  const { field, message } = judged;
  throw userError({
    where,
    what: `${field === "" ? "the record" : `field ${JSON.stringify(field)}`}: ${message}`,
    expected: withArticle(`${format} record`),
    fix: "repair the record",
  });
}
