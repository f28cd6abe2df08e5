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
    const bare = /^[!-/:-@[-`{-~]*(.*?)[!-/:-@[-`{-~]*$/su.exec(match[0])?.[1] ?? match[0];
    const start = match.index + match[0].indexOf(bare);
    words.push({ form, span: { start, end: start + bare.length } });
  }
  return words;
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
