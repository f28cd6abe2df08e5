import { userError } from "../errors.js";
import { counted } from "../phrases.js";
import type { MarkedText, SkippedText, TextSpan } from "./marked-text.js";
import { markOfficially, stripWhiteSpace } from "./official.js";
import type { Tokenizer } from "./tokenizer.js";

/**
 * Whose vector stands for an entity: its first marker's (K-Adapter), or the last token's of the mention. In a causal
 * model the first marker has not seen the entity.
 */
export const entityVectors = ["first-marker", "last-token"] as const;
export type EntityVector = (typeof entityVectors)[number];

/** How entities are marked. */
export interface MarkerOptions {
  /** Most tokens of the result, special tokens included. */
  readonly maxLength: number;
  /** Written before and after the subject; default `@`. */
  readonly subjectMarker?: string;
  /** Written before and after the object; default `#`. */
  readonly objectMarker?: string;
  /** Default `first-marker`. */
  readonly entityVector?: EntityVector;
  /** Written behind the first subject marker, such as ` * person *`; by default nothing. */
  readonly subjectPrefix?: string;
  readonly objectPrefix?: string;
  /**
   * Follow the official code to the letter: every piece of text is tokenised on its own with a space in front, what
   * is over the limit is cut at the end, and nothing keeps an entity whole. `true` and `"trex"`: a marker beyond the
   * limit drops the record. `"tacred"`: its position becomes `maxLength - 10`.
   */
  readonly official?: boolean | "trex" | "tacred";
}

/** Ids of a marker: the token of that very name (RoBERTa's `@`, not ` @`), else whatever the text becomes. */
export function markerIds(tokenizer: Tokenizer, marker: string): readonly number[] {
  const id = tokenizer.tokenToId(marker);
  const ids = id === undefined ? tokenizer.encode(marker).ids : [id];
  const { unk } = tokenizer.specials;
  if (ids.length === 0 || (id === undefined && unk !== undefined && ids.includes(unk))) {
    throw userError({
      where: `marker ${JSON.stringify(marker)}`,
      what: "the tokenizer has no token for it",
      fix: "choose a marker that its vocabulary holds",
    });
  }
  return ids;
}

/** Refuses spans that are not parts of the text. */
export function checkSpan(text: string, span: TextSpan, name: string): void {
  const { start, end } = span;
  if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= text.length) return;
  throw userError({
    where: name,
    what: `the span ${start}..${end} is empty or outside its text of ${counted(text.length, "character")}`,
    expected: "0 <= start < end <= length",
  });
}

/** One place where a marker goes. */
interface MarkerEvent {
  readonly at: number;
  readonly who: "subject" | "object";
  readonly opens: boolean;
}

/**
 * The markers in the order in which they stand in the text. The span that starts first opens first, of two that start
 * together the longer, of two that are equal the subject; at the same place closings go before openings, and what
 * opened last closes first.
 */
export function markerEvents(subject: TextSpan, object: TextSpan): MarkerEvent[] {
  const subjectFirst = subject.start !== object.start ? subject.start < object.start : subject.end >= object.end;
  const [first, second]: ["subject" | "object", "subject" | "object"] = subjectFirst
    ? ["subject", "object"]
    : ["object", "subject"];
  const span = { subject, object };
  const events: MarkerEvent[] = [
    { at: span[second].end, who: second, opens: false },
    { at: span[first].end, who: first, opens: false },
    { at: span[first].start, who: first, opens: true },
    { at: span[second].start, who: second, opens: true },
  ];
  // A stable sort: at the same place the order above holds.
  return events.sort((a, b) => a.at - b.at);
}

/**
 * Cuts the text where markers go. White space next to a marker becomes one space behind it, so the word after the
 * marker is tokenised as a word inside a sentence ("@ ĠParis @"), as the official code has it, and a mention carries
 * no line breaks; the text itself starts with one space.
 */
export function pieces(text: string, events: readonly { readonly at: number }[]): string[] {
  const cuts = [0, ...events.map((event) => event.at), text.length];
  let space = " ";
  return cuts.slice(1).map((cut, index) => {
    const piece = text.slice(cuts[index], cut);
    const body = stripWhiteSpace(piece);
    if (body === "") {
      if (piece !== "") space = " ";
      return "";
    }
    const at = piece.indexOf(body);
    const result = (at > 0 ? " " : space) + body;
    space = at + body.length < piece.length ? " " : "";
    return result;
  });
}

interface Ranges {
  readonly ids: number[];
  readonly first: { subject: number; object: number };
  readonly last: { subject: number; object: number };
  /** The last token of each mention, markers of the other one aside. */
  readonly word: { subject: number; object: number };
}

function assemble(tokenizer: Tokenizer, text: string, events: readonly MarkerEvent[], markers: Markers): Ranges {
  const ids: number[] = [];
  const first = { subject: 0, object: 0 };
  const last = { subject: 0, object: 0 };
  const word = { subject: 0, object: 0 };
  let lastWord = -1;
  const parts = pieces(text, events);
  for (const [index, part] of parts.entries()) {
    const tokens = part === "" ? [] : tokenizer.encode(part).ids;
    for (const id of tokens) ids.push(id);
    if (tokens.length > 0) lastWord = ids.length - 1;
    const event = events[index];
    if (event === undefined) continue;
    if (event.opens) first[event.who] = ids.length;
    // A mention of characters that the tokenizer drops has no token of its own: its marker stands for it.
    else word[event.who] = Math.max(lastWord, first[event.who]);
    ids.push(...markers[event.who]);
    if (event.opens) ids.push(...markers.prefix[event.who]);
    if (!event.opens) last[event.who] = ids.length;
  }
  return { ids, first, last, word };
}

type Ids = readonly number[];
type Markers = { readonly subject: Ids; readonly object: Ids } & {
  readonly prefix: { readonly subject: Ids; readonly object: Ids };
};

/** The part of `length` tokens to keep: `from..to` whole, the room that is left shared between both sides. */
export function contextWindow(
  length: number,
  from: number,
  to: number,
  room: number,
): { readonly start: number; readonly end: number } | undefined {
  const free = room - (to - from);
  if (free < 0) return undefined;
  if (length <= room) return { start: 0, end: length };
  const after = length - to;
  // Half of the room for each side; what one side cannot use goes to the other.
  const left = Math.min(from, Math.max(Math.floor(free / 2), free - after));
  return { start: from - left, end: Math.min(length, to + free - left) };
}

/**
 * Marks a text's two entities: subject `@ … @`, object `# … #` (K-Adapter, section 3.2). A text that is too long is
 * cut to a window that holds both entities with their markers and as much of what is around them as fits.
 *
 * @throws UserError where a span is not a part of the text or the tokenizer lacks a marker.
 */
export function markEntities(
  tokenizer: Tokenizer,
  text: string,
  subject: TextSpan,
  object: TextSpan,
  options: MarkerOptions,
): MarkedText | SkippedText {
  checkSpan(text, subject, "subject");
  checkSpan(text, object, "object");
  const prefix = (written = "") => (written === "" ? [] : tokenizer.encode(written).ids);
  const markers: Markers = {
    subject: markerIds(tokenizer, options.subjectMarker ?? "@"),
    object: markerIds(tokenizer, options.objectMarker ?? "#"),
    prefix: { subject: prefix(options.subjectPrefix), object: prefix(options.objectPrefix) },
  };
  const { official = false, maxLength, entityVector = "first-marker" } = options;
  if (official !== false) {
    if (entityVector !== "first-marker") throw new Error("the official code knows the first marker's vector only");
    return markOfficially(tokenizer, text, subject, object, markers, maxLength, official === "tacred");
  }
  const { ids, first, last, word } = assemble(tokenizer, text, markerEvents(subject, object), markers);
  const from = Math.min(first.subject, first.object);
  const to = Math.max(last.subject, last.object);
  const window = contextWindow(ids.length, from, to, maxLength - tokenizer.withSpecials([]).length);
  if (window === undefined) return { skipped: "entities-too-far-apart" };
  const inFront = tokenizer.specialsInFront;
  const at = entityVector === "first-marker" ? first : word;
  return {
    inputIds: tokenizer.withSpecials(ids.slice(window.start, window.end)),
    subject: at.subject - window.start + inFront,
    object: at.object - window.start + inFront,
  };
}
