/**
 * Where sentences end.
 * @module
 */
import type { Span } from "../../data/relation-example.js";
import { anywhere, beforeNames, beforeNumbers } from "../../text/abbreviations.js";
import { commonWords } from "./common-words.js";

const lastWord = /(?:^|[\s("'“‘[])([\p{L}.]{1,12})\s?\.\s*$/u;
const nextWord = /^["'“‘(]?\s*([\p{L}\p{N}]+)/u;

/** Whether the full stop at the end of `before` belongs to an abbreviation, and `after` goes on with the sentence. */
function goesOn(before: string, after: string): boolean {
  const word = lastWord.exec(before.slice(-20))?.[1];
  const next = nextWord.exec(after.slice(0, 40))?.[1];
  if (word === undefined || next === undefined) return false;
  const lower = word.toLowerCase();
  if (beforeNames.has(lower)) return true;
  if (beforeNumbers.has(lower) && /^\p{N}/u.test(next)) return true;
  // A single letter is an initial, unless a word that begins sentences comes next.
  const abbreviation = anywhere.has(lower) || /^(\p{Lu}\.)*\p{Lu}$/u.test(word);
  return abbreviation && !commonWords.has(next.toLowerCase());
}

/** A shorter line is a heading or an item of a list: what follows does not go on with it. */
const shortestWrapped = 40;

/** A text of the same length in which lines that were wrapped are one, and empty lines are blanks: for the segmenter, a line feed ends a sentence. */
function joinLines(text: string): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", start)) {
    const goesOn = at - start >= shortestWrapped && /\S/.test(text.charAt(at + 1));
    // Empty lines end nothing more: a sentence each would take its time.
    const isEmpty = at === start && at > 0;
    parts.push(text.slice(start, at), goesOn || isEmpty ? " " : "\n");
    start = at + 1;
  }
  return parts.length === 0 ? text : parts.join("") + text.slice(start);
}

/** Ends sentences of one language. */
export class SentenceCutter {
  readonly #segmenter: Intl.Segmenter;

  constructor(language: string) {
    this.#segmenter = new Intl.Segmenter(language, { granularity: "sentence" });
  }

  /**
   * The sentences of a text, without the white space around them. None ends inside one of `whole`, which are parts of
   * the text in their order.
   */
  cut(text: string, whole: readonly Span[]): readonly Span[] {
    const sentences: Span[] = [];
    let start = 0;
    let next = 0;
    let before = "";
    for (const { segment, index } of this.segments(joinLines(text))) {
      while (next < whole.length && whole[next]!.end <= index) next++;
      const inside = next < whole.length && whole[next]!.start < index;
      if (index > start && !inside && !goesOn(before, segment)) {
        addTrimmed(sentences, text, start, index);
        start = index;
      }
      before = segment;
    }
    addTrimmed(sentences, text, start, text.length);
    return sentences;
  }

  /** What the segmenter takes for sentences, window by window; a window's last one may go on in the next. */
  private *segments(text: string): Generator<{ readonly segment: string; readonly index: number }> {
    let size = windowLetters;
    for (let start = 0; start < text.length; ) {
      const end = Math.min(text.length, start + size);
      const found = [...this.#segmenter.segment(text.slice(start, end))];
      const next = end === text.length ? end : start + found.at(-1)!.index;
      for (const { segment, index } of found) if (start + index < next) yield { segment, index: start + index };
      size = next > start ? windowLetters : 2 * size;
      start = next;
    }
  }
}

/** Letters that are given to the segmenter at a time: its time grows with the square of the sentences in a text. */
const windowLetters = 8192;

function addTrimmed(sentences: Span[], text: string, from: number, to: number): void {
  const inside = text.slice(from, to);
  const trimmed = inside.trim();
  if (trimmed === "") return;
  const start = from + inside.length - inside.trimStart().length;
  sentences.push({ start, end: start + trimmed.length });
}
