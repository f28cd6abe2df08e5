import { expect, test } from "vitest";
import type { EncodedQuestion } from "./encoded-question.js";
import { openQa } from "./open-qa.js";

/** A question with the same paragraph so many times: `[CLS] ? Ada Lovelace`. */
function question(paragraphs: number): EncodedQuestion {
  const text = {
    ...{ inputIds: [0, 1, 2, 3], first: 2, end: 4, spans: [], paragraph: "Ada Lovelace" },
    offsets: Int32Array.of(0, 3, 4, 12),
  };
  const example = { question: "?", answers: ["Ada Lovelace"], paragraphs: [], where: "here" };
  return { inputIds: text.inputIds, texts: Array.from({ length: paragraphs }, () => text), example };
}

const task = openQa.make(
  { labels: null, options: {} },
  { maxLength: 8, dropout: 0, headInit: "official" },
) as unknown as {
  condense(encoded: EncodedQuestion, logits: Float32Array): Float32Array;
  answers(
    prediction: { encoded: EncodedQuestion; logits: Float32Array },
    top: number,
  ): { text: string; probability: number }[];
};

/** Start and end scores of the four tokens: the first one starts an answer three times as likely as the second. */
const logits = (paragraphs: number) =>
  Float32Array.from(Array.from({ length: paragraphs }, () => [9, 9, 9, 9, Math.log(3), 0, 0, Math.log(4)]).flat());

test("places that say the same add up over all paragraphs, and tokens before a paragraph say nothing", () => {
  const encoded = question(2);
  const answers = task.answers({ encoded, logits: task.condense(encoded, logits(2)) }, 10);
  // p(start) · p(end), normalised over both paragraphs, of two places each.
  const probability = (start: number, end: number) => (2 * (start / 8) * end) / 10;
  expect(answers.map(({ text }) => text)).toEqual(["Ada Lovelace", "Lovelace", "Ada"]);
  const expected = [probability(3, 4), probability(1, 4), probability(3, 1)];
  answers.forEach((answer, i) => {
    expect(answer.probability).toBeCloseTo(expected[i] as number, 6);
  });
});

test("what is kept of a question does not grow with its paragraphs", () => {
  const kept = [2, 500].map((paragraphs) => task.condense(question(paragraphs), logits(paragraphs)).length);
  expect(kept[1]).toBe(kept[0]);
});
