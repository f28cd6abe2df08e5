import type { z } from "zod";
import { userError } from "../errors.js";
import { openBrackets } from "./bounds.js";
import { problem } from "./problem.js";
import { type FileKind, readText, readTextIfThere } from "./text.js";

/** What a JSON value should be, for the error line. */
export interface JsonExpectation {
  readonly expected?: string;
  /** What the user can do. */
  readonly fix?: string;
}

/** A JSON file: what it is, what it should be, and how large it may be. */
export interface JsonFile extends FileKind, JsonExpectation {}

/**
 * Reads a JSON file whole.
 *
 * @throws UserError where it cannot be read, is larger than `mostBytes`, or is not JSON in UTF-8
 */
export async function readJson(path: string, file: JsonFile): Promise<unknown> {
  return parseJson(await readText(path, file), path, file);
}

/** {@link readJson}, or undefined where there is no such file. */
export async function readJsonIfThere(path: string, file: JsonFile): Promise<unknown> {
  const text = await readTextIfThere(path, file);
  return text === null ? undefined : parseJson(text, path, file);
}

/**
 * The value of a JSON text.
 *
 * @param where file, and line where it is known, for the error line
 */
export function parseJson(text: string, where: string, about: JsonExpectation = {}): unknown {
  checkNesting(text, where, about);
  return parseShallowJson(text, where, about);
}

/** {@link parseJson} of a text whose brackets were counted before. */
export function parseShallowJson(text: string, where: string, about: JsonExpectation = {}): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw userError({ ...about, where, what: `not JSON (${why})` });
  }
}

/** What reads or writes a value goes into itself as deep as the value does, and no format here goes a tenth as deep. */
const deepest = openBrackets.file;

const [quote, backslash, openArray, closeArray, openObject, closeObject] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** Refuses what would overflow the stack of whoever goes through it. Only brackets and strings are looked at. */
function checkNesting(text: string, where: string, about: JsonExpectation): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === closeArray || code === closeObject) depth--;
    else if ((code === openArray || code === openObject) && ++depth > deepest) {
      throw userError({ ...about, where, what: `brackets are nested more than ${deepest} deep` });
    }
  }
}

/** Where the quotation mark stands that ends a string, or the text's end. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === backslash) at++;
    else if (code === quote) return at;
  }
  return text.length;
}

/**
 * Checks a value against a schema. The error line names the first field that is wrong: `where: field: what is wrong`.
 *
 * @param at where in its file the value stands, as `field.field`
 * @returns the value with the schema's defaults filled in
 */
export function parseWith<T>(
  schema: z.ZodType<T>,
  value: unknown,
  where: string,
  about: JsonExpectation = {},
  at = "",
): T {
  const judged = judge(schema, value);
  if ("data" in judged) return judged.data;
  const place = [at, judged.field].filter((part) => part !== "").join(".");
  throw userError({ ...about, where: `${where}: ${place || "(whole file)"}`, what: judged.message });
}

/** A value with its schema's defaults, or the first thing that is wrong, in this project's words. */
type Judged<T> =
  | { readonly data: T }
  | {
      /** `field.field`; empty where it is the whole value. */
      readonly field: string;
      readonly message: string;
    };

/** Checks a value against a schema. */
export function judge<T>(schema: z.ZodType<T>, value: unknown): Judged<T> {
  const result = schema.safeParse(value, { error: problem });
  if (result.success) return { data: result.data };
  const issue = result.error.issues[0];
  return { field: issue?.path.map(String).join(".") ?? "", message: issue?.message ?? "it is not valid" };
}
