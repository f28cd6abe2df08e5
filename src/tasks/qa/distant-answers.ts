import type { Span } from "../../data/relation-example.js";
import { normaliseAnswer } from "./answer-scores.js";

interface Word {
  /** Without case, punctuation and articles; never empty. */
  readonly form: string;
  /** The word in its paragraph, without punctuation around it. */
  readonly span: Span;
}

/** The words of a paragraph that count when answers are compared. */
function wordsIn(paragraph: string): Word[] {
  const words: Word[] = [];
  for (const match of paragraph.matchAll(/\S+/gu)) {
    const form = normaliseAnswer(match[0]).replaceAll(" ", "");
    if (form === "") continue;
    const [start, end] = withoutPunctuation(match[0]);
    words.push({ form, span: { start: match.index + start, end: match.index + end } });
  }
  return words;
}

const punctuation = /[!-/:-@[-`{-~]/;

/** Where a word's first and last signs stand that are no punctuation; from outside in, as a pattern would go to and fro. */
function withoutPunctuation(word: string): readonly [number, number] {
  let [start, end] = [0, word.length];
  while (start < end && punctuation.test(word[start] as string)) start++;
  while (end > start && punctuation.test(word[end - 1] as string)) end--;
  return [start, end];
}

/**
 * Where a paragraph says one of the answers: distant supervision for open-domain questions. Words are compared as
 * answers are scored, and wherever their borders are drawn: `vice - Chair` says `vice-chair`.
 */
export function distantAnswers(paragraph: string, answers: readonly string[]): Span[] {
  const wanted = new Set(answers.map((answer) => normaliseAnswer(answer).replaceAll(" ", "")));
  wanted.delete("");
  const longest = Math.max(0, ...Array.from(wanted, ({ length }) => length));
  const words = wordsIn(paragraph);
  const found: Span[] = [];
  words.forEach(({ span: { start } }, first) => {
    let said = "";
    for (let last = first; last < words.length && said.length < longest; last++) {
      said += words[last]!.form;
      if (wanted.has(said)) found.push({ start, end: words[last]!.span.end });
    }
  });
  return found;
}
