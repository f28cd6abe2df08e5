import type { EncodedText } from "../task.js";
import { normaliseAnswer } from "./answer-scores.js";
import type { EncodedParagraph, EncodedQuestion } from "./encoded-question.js";
import { normaliser, type SpanTargets } from "./span-loss.js";

/** Words of a question's texts. */
export interface AnswerPlace {
  /** Which of the texts. */
  readonly text: number;
  /** First and last token. */
  readonly start: number;
  readonly last: number;
}

/** An answer out of a paragraph. */
export interface OpenAnswer {
  /** Its words, as they stand in the paragraph. */
  readonly text: string;
  /** Of all places that say so together. */
  readonly probability: number;
}

export interface PlacedAnswer {
  /** The likeliest of the places that say so. */
  readonly place: AnswerPlace;
  readonly probability: number;
}

export interface OpenAnswerOptions {
  /** Answers that are wanted. */
  readonly top: number;
  /** Longest answer in tokens. */
  readonly maxAnswerLength: number;
}

/**
 * The likeliest answers to a question. Starts and ends are normalised over all of its paragraphs, and the probabilities
 * of all places that say the same (but for case, punctuation and articles) are added up.
 *
 * @param logits those of its texts, one after another
 */
export function openAnswers(
  { texts }: EncodedQuestion,
  logits: Float32Array,
  { top, maxAnswerLength }: OpenAnswerOptions,
): PlacedAnswer[] {
  const parts = splitLogits(texts, logits);
  const sides = ([0, 1] as const).map((side) =>
    normaliser(texts.flatMap(({ first, end }, t) => sideOf(parts[t]!, side, first, end))),
  );
  const answers = new Map<string, Candidate>();
  for (const [t, text] of texts.entries()) {
    const own = parts[t] as Float32Array;
    for (const { start, last } of bestSpans(own, text, maxAnswerLength)) {
      const share = sides[0]!.share(own[2 * start] as number) * sides[1]!.share(own[2 * last + 1] as number);
      addAnswer(answers, answerText(texts, { text: t, start, last }), { text: t, start, last }, share);
    }
  }
  const sorted = [...answers.values()].sort((a, b) => b.total - a.total);
  return sorted.slice(0, top).map(({ place, total }) => ({ place, probability: total }));
}

interface Candidate {
  readonly total: number;
  readonly best: number;
  readonly place: AnswerPlace;
}

function addAnswer(answers: Map<string, Candidate>, text: string, place: AnswerPlace, share: number): void {
  const key = normaliseAnswer(text);
  if (key === "") return;
  const known = answers.get(key) ?? { total: 0, best: 0, place };
  const better = share > known.best ? { best: share, place } : {};
  answers.set(key, { ...known, ...better, total: known.total + share });
}

/** The words that stand at a place. */
export function answerText(texts: readonly EncodedParagraph[], { text, start, last }: AnswerPlace): string {
  const { paragraph, offsets, first } = texts[text] as EncodedParagraph;
  return paragraph.slice(offsets[2 * (start - first)], offsets[2 * (last - first) + 1]).trim();
}

/** A question's logits, text by text. */
function splitLogits(texts: readonly EncodedText[], logits: Float32Array): Float32Array[] {
  let at = 0;
  return texts.map(({ inputIds: { length } }) => {
    at += 2 * length;
    return logits.subarray(at - 2 * length, at);
  });
}

const sideOf = (logits: Float32Array, side: 0 | 1, first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, i) => logits[2 * (first + i) + side] as number);

/** Spans of one text that are worth adding up. */
const spansOfText = 20;

/** The best spans of a text by start plus end score. */
function bestSpans(logits: Float32Array, { first, end }: SpanTargets, longest: number) {
  const spans: { start: number; last: number; score: number }[] = [];
  for (let start = first; start < end; start++) {
    for (let last = start; last < Math.min(end, start + longest); last++) {
      spans.push({ start, last, score: (logits[2 * start] as number) + (logits[2 * last + 1] as number) });
    }
  }
  return spans.sort((a, b) => b.score - a.score).slice(0, spansOfText);
}
