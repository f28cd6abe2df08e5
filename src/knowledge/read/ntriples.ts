/**
 * N-Triples (https://www.w3.org/TR/n-triples/), line by line: Wikidata's truthy dump has eight thousand million.
 * @module
 */
import { type DataFile, fileName, readBytes } from "../../data/bytes.js";
import { userError } from "../../errors.js";
import { recordBytes } from "../../files/bounds.js";
import { checkedUtf8 } from "../../files/utf8.js";
import type { ReadKnowledgeOptions, Statement, Statements } from "../statement.js";
import { RdfStatements, type RdfTerm } from "./rdf.js";

/** A triple of RDF; the subject is null for a blank node. */
export interface RdfTriple {
  readonly subject: string | null;
  readonly predicate: string;
  readonly object: RdfTerm;
}

/** Reads N-Triples, and N-Quads without regard to their graphs. */
export async function* readNTriples(file: DataFile, options: ReadKnowledgeOptions): AsyncGenerator<Statements> {
  const path = fileName(file);
  const rdf = new RdfStatements(options.language);
  for await (const { lines, first } of lineBlocks(file)) {
    const statements: Statement[] = [];
    let records = 0;
    for (let i = 0; i < lines.length; i++) {
      const triple = parseTriple(lines[i] as string);
      if (triple === null) continue;
      if (triple === "wrong") options.onFault("not-a-triple", `${path}:${first + i}`);
      else {
        records++;
        const left = rdf.add(triple.subject, triple.predicate, triple.object, statements);
        if (left !== null) options.onLeftOut(left, `${path}:${first + i}`);
      }
    }
    options.onRecords(records);
    yield statements;
  }
}

/** The lines of a file as many at once as come together, and the number of the first one. */
async function* lineBlocks(
  file: DataFile,
): AsyncGenerator<{ readonly lines: readonly string[]; readonly first: number }> {
  const path = fileName(file);
  let parts: string[] = [];
  let size = 0;
  let first = 1;
  for await (const chunk of checkedUtf8(readBytes(file), path)) {
    const text = chunk.toString("utf8");
    const end = text.lastIndexOf("\n");
    if (end < 0) {
      parts.push(text);
      size += text.length;
      if (size > recordBytes) {
        throw userError({
          where: `${path}:${first}`,
          what: `a line is longer than ${recordBytes} characters`,
          fix: "break it up",
        });
      }
      continue;
    }
    const lines = [...parts, text.slice(0, end)].join("").split("\n");
    parts = end + 1 === text.length ? [] : [text.slice(end + 1)];
    size = text.length - end - 1;
    yield { lines, first };
    first += lines.length;
  }
  if (size > 0) yield { lines: [parts.join("")], first };
}

const [space, tab, carriageReturn, quote, hash, dot, less, backslash, at, underscore] = [
  0x20, 0x09, 0x0d, 0x22, 0x23, 0x2e, 0x3c, 0x5c, 0x40, 0x5f,
];

/** A line's triple; null where the line is empty or a comment. A byte order mark is passed over. */
export function parseTriple(line: string): RdfTriple | null | "wrong" {
  const start = skipSpace(line, line.charCodeAt(0) === 0xfeff ? 1 : 0);
  if (start >= line.length || line.charCodeAt(start) === hash) return null;
  const subjectEnd = termEnd(line, start);
  if (subjectEnd < 0) return "wrong";
  const predicateStart = skipSpace(line, subjectEnd);
  const predicateEnd = line.charCodeAt(predicateStart) === less ? termEnd(line, predicateStart) : -1;
  if (predicateEnd < 0) return "wrong";
  const objectStart = skipSpace(line, predicateEnd);
  const isLiteral = line.charCodeAt(objectStart) === quote;
  const closing = isLiteral ? closingQuote(line, objectStart) : -1;
  const objectEnd = isLiteral ? literalEnd(line, closing) : termEnd(line, objectStart);
  if (objectEnd < 0 || !endsThere(line, objectEnd)) return "wrong";
  // Most lines hold no escape, and are asked only once.
  const read = line.includes("\\") ? unescaped : asItIs;
  const subject = iriOf(line, start, subjectEnd, read);
  const predicate = iriOf(line, predicateStart, predicateEnd, read);
  const object = isLiteral
    ? literalOf(line, objectStart, closing, objectEnd, read)
    : nodeOf(iriOf(line, objectStart, objectEnd, read));
  if (subject === undefined || !predicate || object === undefined) return "wrong";
  return { subject, predicate, object };
}

const nodeOf = (iri: string | null | undefined): RdfTerm | undefined =>
  iri === undefined ? undefined : iri === null ? { kind: "blank" } : { kind: "iri", value: iri };

function skipSpace(line: string, from: number): number {
  let place = from;
  for (let code = line.charCodeAt(place); code === space || code === tab || code === carriageReturn; ) {
    code = line.charCodeAt(++place);
  }
  return place;
}

/** Where an IRI in angle brackets or a blank node ends; -1 where there is none. */
function termEnd(line: string, start: number): number {
  if (line.charCodeAt(start) === less) return line.indexOf(">", start + 1) + 1 || -1;
  if (line.charCodeAt(start) !== underscore || line.charAt(start + 1) !== ":") return -1;
  let end = start + 2;
  for (let code = line.charCodeAt(end); code > space; ) code = line.charCodeAt(++end);
  return end > start + 2 ? end : -1;
}

/** Where a literal's closing quotation mark stands; -1 where there is none. */
function closingQuote(line: string, start: number): number {
  for (let end = line.indexOf('"', start + 1); end >= 0; end = line.indexOf('"', end + 1)) {
    let before = end - 1;
    while (line.charCodeAt(before) === backslash) before--;
    if ((end - before) % 2 === 1) return end;
  }
  return -1;
}

/** Where a literal ends, with its language or type behind the closing quotation mark. */
function literalEnd(line: string, closing: number): number {
  if (closing < 0) return -1;
  if (line.charCodeAt(closing + 1) === at) {
    let end = closing + 2;
    for (let code = line.charCodeAt(end); code > space && code !== dot; ) code = line.charCodeAt(++end);
    return end > closing + 2 ? end : -1;
  }
  return line.startsWith("^^<", closing + 1) ? termEnd(line, closing + 3) : closing + 1;
}

/** Whether nothing follows but a graph and the full stop, and perhaps a comment. */
function endsThere(line: string, from: number): boolean {
  let place = skipSpace(line, from);
  if (line.charCodeAt(place) !== dot) {
    const end = termEnd(line, place);
    if (end < 0) return false;
    place = skipSpace(line, end);
  }
  if (line.charCodeAt(place) !== dot) return false;
  const rest = skipSpace(line, place + 1);
  return rest >= line.length || line.charCodeAt(rest) === hash;
}

/** Null for a blank node, undefined where it is no IRI. */
function iriOf(line: string, start: number, end: number, read: Unescape): string | null | undefined {
  if (line.charCodeAt(start) === underscore) return null;
  return read(line.slice(start + 1, end - 1));
}

function literalOf(line: string, start: number, closing: number, end: number, read: Unescape): RdfTerm | undefined {
  const value = read(line.slice(start + 1, closing));
  if (value === undefined) return undefined;
  const language = line.charCodeAt(closing + 1) === at ? line.slice(closing + 2, end) : "";
  const datatype = line.charAt(closing + 1) === "^" ? line.slice(closing + 4, end - 1) : "";
  return { kind: "literal", value, language, datatype };
}

const plainEscapes: Readonly<Record<string, string>> = {
  t: "\t",
  b: "\b",
  n: "\n",
  r: "\r",
  f: "\f",
  '"': '"',
  "'": "'",
  "\\": "\\",
};
const escapes = /\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([\s\S]?))/g;

/** A text without escapes; undefined where one is none of N-Triples'. */
type Unescape = (text: string) => string | undefined;

const asItIs: Unescape = (text) => text;

function unescaped(text: string): string | undefined {
  let sound = true;
  const plain = text.replace(escapes, (_, short?: string, long?: string, sign = "") => {
    const code = Number.parseInt(short ?? long ?? "", 16);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    if (!Object.hasOwn(plainEscapes, sign)) sound = false;
    return plainEscapes[sign] ?? "";
  });
  return sound ? plain : undefined;
}
