import { byteLevelWords, byteSymbols, toByteSymbols } from "./byte-level.js";
import type { Normaliser } from "./mapped-text.js";
import { type MappedText, originEnd, originStart, sliceMapped } from "./mapped-text.js";
import { punctuation } from "./old-unicode.js";
import type { EncodedWord } from "./word-encoder.js";

/** Tokens and, for each, the UTF-16 range of the text it stands for; grown while a text is encoded. */
export interface TokenSink {
  readonly ids: number[];
  readonly offsets: [number, number][];
}

/** Cuts a section of text into words, encodes them and adds their tokens. */
export type SectionEncoder = (section: MappedText, sink: TokenSink) => void;

/** BERT's words: single punctuation marks, and what stands between them and white space. */
const bertMarks = `!-\\/:-@\\[-\`\\{-~${punctuation}`;
const bertWords = new RegExp(`[^\\p{White_Space}${bertMarks}]+|[${bertMarks}]`, "gu");

/** Sections for WordPiece: a token's range runs from its first to its last character's origin. */
export function wordPieceSections(encodeWord: (word: string) => EncodedWord): SectionEncoder {
  return (section, sink) => {
    for (const match of section.text.matchAll(bertWords)) {
      const { ids, starts, ends } = encodeWord(match[0]);
      for (let token = 0; token < ids.length; token++) {
        sink.ids.push(ids[token]!);
        sink.offsets.push([
          originStart(section, match.index + starts[token]!),
          originEnd(section, match.index + ends[token]! - 1),
        ]);
      }
    }
  };
}

const ascii = /^[\x20-\x7e]*$/;
const utf8 = new TextEncoder();

/** For each byte of a word, the range of the character that it is a part of. */
function byteOrigins(section: MappedText, first: number, word: string): { starts: number[]; ends: number[] } {
  const starts: number[] = [];
  const ends: number[] = [];
  let unit = first;
  for (const character of word) {
    const start = originStart(section, unit);
    const end = originEnd(section, unit + character.length - 1);
    for (let byte = utf8.encode(character).length; byte > 0; byte--) {
      starts.push(start);
      ends.push(end);
    }
    unit += character.length;
  }
  return { starts, ends };
}

/** Puts one space in front; it stands for nothing in the text. */
function withSpaceInFront(section: MappedText): MappedText {
  const at = originStart(section, 0);
  const units = Array.from({ length: section.text.length }, (_, unit) => unit);
  return {
    text: ` ${section.text}`,
    base: section.base,
    starts: [at, ...units.map((unit) => originStart(section, unit))],
    ends: [at, ...units.map((unit) => originEnd(section, unit))],
  };
}

/**
 * Sections for byte-level BPE: a token that holds a part of a character stands for the whole character; the space that
 * a token carries in front is not in its range.
 */
export function byteLevelSections(
  encodeWord: (symbols: string) => EncodedWord,
  addPrefixSpace: boolean,
): SectionEncoder {
  return (given, sink) => {
    const section = addPrefixSpace && !given.text.startsWith(" ") ? withSpaceInFront(given) : given;
    for (const { 0: word, index } of section.text.matchAll(byteLevelWords)) {
      const isAscii = ascii.test(word);
      const symbols = isAscii ? word.replaceAll(" ", byteSymbols[0x20]!) : toByteSymbols(word);
      const { ids, starts, ends } = encodeWord(symbols);
      const origins = isAscii ? undefined : byteOrigins(section, index, word);
      for (let token = 0; token < ids.length; token++) {
        const start = starts[token]!;
        const last = ends[token]! - 1;
        const to = origins?.ends[last] ?? originEnd(section, index + last);
        // A token of spaces only starts where it ends.
        const from = start > last ? to : (origins?.starts[start] ?? originStart(section, index + start));
        sink.ids.push(ids[token]!);
        sink.offsets.push([from, to]);
      }
    }
  };
}

/** How a text is cut into words whose spaces have become `▁` (Metaspace). */
export interface MetaspaceOptions {
  /** Whether a space is put in front of every section, of the one that begins the text, or of none. */
  readonly prepend: "always" | "first" | "never";
  /** What a section begins with that gets none. */
  readonly unless: RegExp;
  /** White space of any kind and length separates words. */
  readonly splitWhiteSpace: boolean;
  /** What becomes a word, once spaces are `▁`. */
  readonly words: RegExp;
}

/** Sections for Unigram; the `▁` that a token carries in front is not in its range. */
export function unigramSections(
  encodeWord: (word: string) => EncodedWord,
  { prepend, unless, splitWhiteSpace, words }: MetaspaceOptions,
): SectionEncoder {
  const encodePart = (given: MappedText, sink: TokenSink) => {
    const wanted = prepend === "always" || (prepend === "first" && originStart(given, 0) === 0);
    const part = wanted && !unless.test(given.text) ? withSpaceInFront(given) : given;
    for (const { 0: word, index } of part.text.replaceAll(" ", "▁").matchAll(words)) {
      const { ids, starts, ends } = encodeWord(word);
      for (let token = 0; token < ids.length; token++) {
        const last = ends[token]! - 1;
        let start = starts[token]!;
        while (start <= last && word[start] === "▁") start++;
        const to = originEnd(part, index + last);
        sink.ids.push(ids[token]!);
        sink.offsets.push([start > last ? to : originStart(part, index + start), to]);
      }
    }
  };
  return (section, sink) => {
    if (section.text === "") return;
    if (!splitWhiteSpace) return encodePart(section, sink);
    for (const { 0: word, index } of section.text.matchAll(/\P{White_Space}+/gu))
      encodePart(sliceMapped(section, index, index + word.length), sink);
  };
}

/** A token that is recognised in the text as it stands, before anything else: names as in tokenizer.json. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly single_word: boolean;
}

type Section = { readonly token: AddedToken; readonly start: number; readonly end: number };

/** What belongs to a word: `\w` of Rust's regular expressions (UTS #18, Annex C). */
const wordCharacters = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]";
const wordCharacter = new RegExp(`${wordCharacters}$`, "u");
const wordCharacterFirst = new RegExp(`^${wordCharacters}`, "u");

/** How much white space a text begins with; Unicode's, as `\s` of Rust: trimStart takes U+FEFF and leaves U+0085. */
const spacesInFront = (text: string): number => /^\p{White_Space}*/u.exec(text)?.[0].length ?? 0;

/** Where a text ends without its last white space. */
function endWithoutSpaces(text: string): number {
  let end = text.length;
  while (end > 0 && /\p{White_Space}/u.test(text[end - 1] as string)) end--;
  return end;
}

/** Finds added tokens in a text, the longest where several fit, and the sections between them. */
export class AddedTokenSplitter {
  readonly #pattern: RegExp | undefined;
  readonly #byContent = new Map<string, AddedToken>();

  /** @param contents The tokens by the text that stands for them: their content, or what the normaliser makes of it. */
  constructor(contents: Iterable<readonly [string, AddedToken]>) {
    for (const [content, token] of contents) if (content !== "") this.#byContent.set(content, token);
    const longestFirst = [...this.#byContent.keys()].sort((a, b) => b.length - a.length);
    if (longestFirst.length > 0) {
      this.#pattern = new RegExp(
        longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"),
        "g",
      );
    }
  }

  /** Calls `text` for each section between added tokens and `token` for each of those, in order. */
  split(
    mapped: MappedText,
    text: (part: MappedText) => void,
    token: (found: AddedToken, at: MappedText) => void,
  ): void {
    const sections = this.#find(mapped.text);
    if (sections.length === 0) {
      if (mapped.text !== "") text(mapped);
      return;
    }
    let position = 0;
    for (const { token: found, start, end } of sections) {
      const before = found.lstrip ? position + endWithoutSpaces(mapped.text.slice(position, start)) : start;
      if (before > position) text(sliceMapped(mapped, position, before));
      token(found, sliceMapped(mapped, start, end));
      position = end;
      if (found.rstrip) position += spacesInFront(mapped.text.slice(end));
    }
    if (position < mapped.text.length) text(sliceMapped(mapped, position, mapped.text.length));
  }

  #find(text: string): Section[] {
    const found: Section[] = [];
    if (this.#pattern === undefined) return found;
    for (const match of text.matchAll(this.#pattern)) {
      const token = this.#byContent.get(match[0]);
      const end = match.index + match[0].length;
      if (token === undefined) continue;
      // The two characters around it decide whether a token that must be a word of its own is one.
      const before = text.slice(Math.max(0, match.index - 2), match.index);
      if (token.single_word && (wordCharacter.test(before) || wordCharacterFirst.test(text.slice(end, end + 2))))
        continue;
      found.push({ token, start: match.index, end });
    }
    return found;
  }
}

/** Encodes a text: added tokens first, then each section normalised, searched again, cut into words and encoded. */
export function encodeWithOffsets(
  text: string,
  parts: {
    readonly raw: AddedTokenSplitter;
    readonly normalised: AddedTokenSplitter;
    readonly normaliser: Normaliser | undefined;
    readonly section: SectionEncoder;
  },
): TokenSink {
  const sink: TokenSink = { ids: [], offsets: [] };
  const addToken = (found: AddedToken, at: MappedText) => {
    sink.ids.push(found.id);
    sink.offsets.push([originStart(at, 0), originEnd(at, at.text.length - 1)]);
  };
  const addSection = (section: MappedText) => {
    const normalised = parts.normaliser?.(section) ?? section;
    parts.normalised.split(normalised, (part) => parts.section(part, sink), addToken);
  };
  // Half of a surrogate pair is no character, and UTF-8 has no bytes for it: it stands for the sign for such.
  parts.raw.split({ text: text.replace(/\p{Cs}/gu, "\ufffd"), base: 0 }, addSection, addToken);
  return sink;
}
