/**
 * What the readers of documents have in common.
 * @module
 */
import type { OnSkip } from "../../data/skips.js";
import { setting, userError } from "../../errors.js";
import { documentBounds } from "../../files/bounds.js";
import type { SourceDocument } from "../align/document.js";

/** A document as its file has it. */
export interface ReadDocument extends SourceDocument {
  /** What the text is written in; plain text where there is none. */
  readonly markup?: "wikitext";
}

/** Why a document is left out. */
export type DocumentSkip =
  /** It has no words. */
  | "empty-document"
  /** It is longer than {@link documentBounds} allow. */
  | "long-document"
  /** A page that only points to another one. */
  | "redirect"
  /** A page that is no article, such as a talk page. */
  | "other-namespace";

/** How documents are read, and who is told of what. */
export interface ReadingOptions {
  /** What parts the documents of a plain text. */
  readonly parts: "blank-lines" | "lines" | "files";
  readonly onSkip: OnSkip<DocumentSkip>;
}

const mostCharacters = documentBounds.characters;

/** Hands a document on, where it has words and is not too long. */
export function* fitting<D extends ReadDocument>(document: D, onSkip: OnSkip<DocumentSkip>): Generator<D> {
  const { text, where } = document;
  if (text.length > mostCharacters) onSkip("long-document", where);
  else if (text.trim() === "") onSkip("empty-document", where);
  else yield document;
}

/** @throws UserError for a plain text that goes on without an end of the document */
export function checkLength(length: number, where: string): void {
  if (length <= mostCharacters) return;
  throw userError({
    where,
    what: `a document is longer than ${mostCharacters} characters`,
    fix: `part documents by blank lines, or make each line a document (${setting("documents", "lines")})`,
  });
}
