/**
 * Texts as sentences of words that have no heads yet.
 * @module
 */
import type { DependencySentence } from "../data/dependency-sentence.js";
import type { SkipCounter } from "../data/skips.js";
import { documentBounds } from "../files/bounds.js";
import { SentenceCutter } from "../knowledge/align/sentences.js";
import type { DocumentFile } from "../knowledge/documents/document-file.js";
import { type ReadDocumentsOptions, readDocuments } from "../knowledge/documents/documents.js";
import { loadWikitextParser, plainText } from "../knowledge/documents/wikitext.js";
import { udWords } from "../text/ud-words.js";

/** A sentence of a text. */
export interface TextSentence extends DependencySentence {
  readonly id: string;
  /** Id of the document that begins with it. */
  readonly newDocument?: string;
  /** How many sentences of the texts end with it, those that are left out included. */
  readonly number: number;
}

/** How texts are read and cut. */
export interface TextSentencesOptions extends Pick<ReadDocumentsOptions, "parts" | "onBytes"> {
  /** Of the texts, for the ends of sentences. */
  readonly language: string;
  /** How many sentences to pass over: they were read before, and so was what is left out among them. */
  readonly after?: number;
  /** Counts what is left out. */
  readonly skips: SkipCounter;
}

/**
 * The sentences of files, in their order; memory does not grow with the files.
 *
 * @throws UserError where a file cannot be read
 */
export async function* textSentences(
  files: readonly DocumentFile[],
  { language, after = 0, skips, ...reading }: TextSentencesOptions,
): AsyncGenerator<TextSentence> {
  const cutter = new SentenceCutter(language);
  const { onSkip } = skips;
  let number = 0;
  for await (const document of readDocuments(files, { ...reading, onSkip })) {
    const { id, text, where } =
      document.markup === undefined ? document : plainText(document, await loadWikitextParser());
    for (const [i, { start, end }] of cutter.cut(text, []).entries()) {
      number++;
      if (number <= after) skips.take();
      else if (end - start > documentBounds.sentence) onSkip("sentence-too-long", where);
      else yield { ...sentenceOf(text.slice(start, end), inOneWord(id), i, where), number };
    }
  }
}

/** Ids stand in comments, and those of sentences hold no white space. */
const inOneWord = (id: string) => id.replace(/[\s\p{Cc}]+/gu, "_");

function sentenceOf(text: string, document: string, index: number, where: string): Omit<TextSentence, "number"> {
  const words = udWords(text).map(({ form, spaceAfter }) => ({ form, upos: "", head: -1, relation: "", spaceAfter }));
  const begins = index === 0 ? { newDocument: document } : {};
  return { words, id: `${document}-${index + 1}`, file: where, where, ...begins };
}
