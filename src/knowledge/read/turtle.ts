/**
 * Turtle (https://www.w3.org/TR/turtle/), read as a stream.
 * @module
 */
import { pipeline, Readable } from "node:stream";
import { type Quad, StreamParser, type Term } from "n3";
import { type DataFile, fileName, readBytes } from "../../data/bytes.js";
import { UserError, userError } from "../../errors.js";
import { knowledgeBounds } from "../../files/bounds.js";
import { checkedUtf8 } from "../../files/utf8.js";
import type { ReadKnowledgeOptions, Statement, Statements } from "../statement.js";
import { RdfStatements, type RdfTerm } from "./rdf.js";

/** Reads Turtle. */
export async function* readTurtle(file: DataFile, options: ReadKnowledgeOptions): AsyncGenerator<Statements> {
  const path = fileName(file);
  const rdf = new RdfStatements(options.language);
  let triples = 0;
  for await (const { subject, predicate, object } of quads(file)) {
    const statements: Statement[] = [];
    triples++;
    const about = subject.termType === "NamedNode" ? subject.value : null;
    const left = rdf.add(about, predicate.value, termOf(object), statements);
    if (left !== null) options.onLeftOut(left, `${path}: triple ${triples}`);
    options.onRecords(1);
    if (statements.length > 0) yield statements;
  }
}

async function* quads(file: DataFile): AsyncGenerator<Quad> {
  const path = fileName(file);
  let unread = 0;
  async function* texts() {
    for await (const chunk of checkedUtf8(readBytes(file), path)) {
      unread += chunk.length;
      if (unread > knowledgeBounds.turtle) {
        throw userError({
          where: path,
          what: `no triple within ${knowledgeBounds.turtle} bytes`,
          expected: "Turtle",
          fix: "look for a quotation mark that is not closed",
        });
      }
      yield chunk.toString("utf8");
    }
  }
  const parser = new StreamParser();
  // Errors of either stream come out of the loop below; the callback only keeps them from being thrown elsewhere.
  pipeline(Readable.from(texts()), parser, () => undefined);
  try {
    for await (const quad of parser as AsyncIterable<Quad>) {
      unread = 0;
      yield quad;
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw notTurtle(path, error);
  }
}

function notTurtle(path: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const [, line] = / on line (\d+)\.?$/.exec(message) ?? [];
  return userError({
    where: line === undefined ? path : `${path}:${line}`,
    what: `not Turtle (${message.replace(/ on line \d+\.?$/, "")})`,
    fix: "repair the file",
  });
}

function termOf(term: Term): RdfTerm {
  if (term.termType === "NamedNode") return { kind: "iri", value: term.value };
  if (term.termType !== "Literal") return { kind: "blank" };
  const { value, language, datatype } = term;
  return { kind: "literal", value, language, datatype: language === "" ? datatype.value : "" };
}
