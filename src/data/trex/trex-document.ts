/**
 * A document of T-REx (Elsahar et al. 2018): see the schema in github.com/hadyelsahar/RE-NLG-Dataset.
 * @module
 */
import { z } from "zod";
import { listOf } from "../../files/lists.js";
import { shown } from "../../phrases.js";
import type { Span } from "../relation-example.js";

const index = z.int().min(0);
const range = z.tuple([index, index]);
/** Names are bounded because some of them are held while a file is read. */
const name = z.string().max(4096);
const mention = z.object({ uri: name, boundaries: range.nullish(), surfaceform: z.string().nullish() });

export const trexTriple = z.object({
  subject: mention,
  predicate: z.object({ uri: name.min(1) }),
  object: mention,
  sentence_id: index.nullish(),
});
export type TrexTriple = z.output<typeof trexTriple>;

/** Triples are looked at one by one, so that a broken one does not take the others with it. */
export const trexDocument = z.object({
  docid: z.union([z.string(), z.number()]).nullish(),
  text: z.string(),
  sentences_boundaries: listOf(range),
  triples: listOf(z.unknown()),
});
export type TrexDocument = z.output<typeof trexDocument>;

/** Why a sound triple gives no example. */
export type TripleSkip = "no-boundaries" | "no-sentence" | "outside-sentence";

/** What can be wrong with a triple. */
export type TripleFault = "broken-triple" | "sentence-out-of-range" | "span-outside-text" | "other-surface";

/** A triple that is wrong, and how. */
export interface WrongTriple {
  readonly fault: TripleFault;
  readonly what: string;
}

/** Where a triple's sentence and its two entities stand in the document, in UTF-16 units. */
export interface PlacedTriple {
  readonly sentence: Span;
  readonly subject: Span;
  readonly object: Span;
}

/** The text of a document by the offsets of T-REx: written by Python, they count code points. */
export class TrexText {
  /** Where each code point begins; null where each is one UTF-16 unit. */
  readonly #units: readonly number[] | null;

  constructor(readonly text: string) {
    this.#units = /[\ud800-\udbff][\udc00-\udfff]/.test(text) ? unitsOf(text) : null;
  }

  /** In code points. */
  get length(): number {
    return this.#units?.length ?? this.text.length;
  }

  /** What stands at some code points; null where these are none of the text's. */
  at([start, end]: readonly [number, number]): Span | null {
    if (!(start < end && end <= this.length)) return null;
    return { start: this.#utf16(start), end: this.#utf16(end) };
  }

  /** The same for offsets that count UTF-16 units, as Java's do; null where both counts agree. */
  atUnits([start, end]: readonly [number, number]): Span | null {
    return this.#units !== null && start < end && end <= this.text.length ? { start, end } : null;
  }

  #utf16(offset: number): number {
    return this.#units === null ? offset : (this.#units[offset] ?? this.text.length);
  }
}

function unitsOf(text: string): number[] {
  const units: number[] = [];
  let unit = 0;
  for (const character of text) {
    units.push(unit);
    unit += character.length;
  }
  return units;
}

/** Places a triple in its document, or says why it has no place. */
export function placeTriple(
  { sentences_boundaries: sentences }: TrexDocument,
  { subject, object, sentence_id: id }: TrexTriple,
  text: TrexText,
): PlacedTriple | TripleSkip | WrongTriple {
  if (!subject.boundaries || !object.boundaries) return "no-boundaries";
  if (id === null || id === undefined) return "no-sentence";
  const bounds = sentences[id];
  if (bounds === undefined) {
    return { fault: "sentence-out-of-range", what: `sentence_id: there is no sentence ${id}` };
  }
  const sentence = text.at(bounds);
  if (sentence === null) return outsideText(`sentences_boundaries.${id}`, bounds, text);
  const spans: Span[] = [];
  for (const [field, { boundaries, surfaceform }] of [
    ["subject", subject],
    ["object", object],
  ] as const) {
    const span = spanOf(text, boundaries as [number, number], surfaceform ?? "", field);
    if ("fault" in span) return span;
    if (span.start < sentence.start || span.end > sentence.end) return "outside-sentence";
    spans.push(span);
  }
  return { sentence, subject: spans[0] as Span, object: spans[1] as Span };
}

/** Where an entity stands. Whether its offsets count code points or UTF-16 units, its surface form tells. */
function spanOf(text: TrexText, bounds: [number, number], surface: string, field: string): Span | WrongTriple {
  const span = text.at(bounds);
  if (surface === "") return span ?? outsideText(`${field}.boundaries`, bounds, text);
  const units = text.atUnits(bounds);
  const words = (place: Span) => text.text.slice(place.start, place.end);
  const found = [span, units].find((place) => place !== null && isAlike(words(place), surface));
  if (found) return found;
  if (span === null) return outsideText(`${field}.boundaries`, bounds, text);
  return {
    fault: "other-surface",
    what: `${field}.surfaceform: ${shown(surface)} is not what stands there, ${shown(words(span))}`,
  };
}

const outsideText = (field: string, [start, end]: readonly [number, number], { length }: TrexText): WrongTriple => ({
  fault: "span-outside-text",
  what: `${field}: ${start}..${end} is empty or outside the text of ${length} characters`,
});

/** The same words, whatever their case and the white space between them. */
const isAlike = (a: string, b: string): boolean => a === b || plain(a) === plain(b);
const plain = (text: string) => text.normalize("NFC").replace(/\s+/g, " ").trim().toLowerCase();

/**
 * The id that a URI ends with: `http://www.wikidata.org/prop/direct/P19` → `P19`. A value is an id by itself, its type
 * left out: `1903-02-12T00:00:00Z^^http://www.w3.org/2001/XMLSchema#dateTime` → `1903-02-12T00:00:00Z`.
 */
export function idOf(uri: string): string {
  const typed = uri.indexOf("^^");
  if (typed > 0) return uri.slice(0, typed).replace(/^"(.*)"$/s, "$1") || uri;
  return uri.slice(uri.lastIndexOf("/") + 1) || uri;
}
