import { isWhiteSpace } from "../../text/official.js";

const punctuation = /[!-/:-@[-`{-~]/g;
/** Python's \b knows Unicode's letters, digits and marks, JavaScript's does not. */
const articles = /(?<![\p{L}\p{N}\p{M}_])(?:a|an|the)(?![\p{L}\p{N}\p{M}_])/gu;

/** The words of an answer: lower case, without ASCII punctuation and English articles. */
function wordsOf(answer: string): string[] {
  const bare = answer.toLowerCase().replace(punctuation, "").replace(articles, " ");
  const spaced = Array.from(bare, (character) => (isWhiteSpace(character) ? " " : character)).join("");
  return spaced.split(" ").filter((word) => word !== "");
}

/** An answer as it is compared: two answers are the same where this is. */
export function normaliseAnswer(answer: string): string {
  return wordsOf(answer).join(" ");
}

/** How near answers are to the right ones; fractions. */
export interface AnswerScores {
  /** Share of those that are a right one, but for case, articles and punctuation. */
  readonly exactMatch: number;
  /** F1 of the words that an answer shares with a right one, on average. */
  readonly f1: number;
}

/** F1 of the words that two answers share, counted as often as they stand there; 0 where they share none. */
function wordF1(prediction: string, gold: string): number {
  const [said, there] = [wordsOf(prediction), wordsOf(gold)];
  const left = new Map<string, number>();
  for (const word of there) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of said) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    shared++;
  }
  if (shared === 0) return 0;
  const [precision, recall] = [shared / said.length, shared / there.length];
  return (2 * precision * recall) / (precision + recall);
}

/** Exact match (0 or 1) and F1 of an answer: the best over the right answers. */
export function scoreAnswer(prediction: string, answers: readonly string[]): AnswerScores {
  const normal = normaliseAnswer(prediction);
  return {
    exactMatch: answers.some((answer) => normaliseAnswer(answer) === normal) ? 1 : 0,
    f1: Math.max(0, ...answers.map((answer) => wordF1(prediction, answer))),
  };
}

/** Means over questions; fractions. */
export function scoreAnswers(
  predictions: Iterable<{ readonly prediction: string; readonly answers: readonly string[] }>,
): AnswerScores & { readonly questions: number } {
  let [exactMatch, f1, questions] = [0, 0, 0];
  for (const { prediction, answers } of predictions) {
    const scores = scoreAnswer(prediction, answers);
    exactMatch += scores.exactMatch;
    f1 += scores.f1;
    questions++;
  }
  const mean = (sum: number) => (questions === 0 ? 0 : sum / questions);
  return { exactMatch: mean(exactMatch), f1: mean(f1), questions };
}
