/** A fraction as a percentage with one decimal, for tables. */
export const percent = (rate: number): string => (100 * rate).toFixed(1).padStart(5);

/** A fraction as a percentage with its sign. */
export const percentage = (rate: number): string => `${(100 * rate).toFixed(1)} %`;

/** A probability as `predict` writes it: six significant digits tell answers apart. The library gives it exactly. */
export const shortened = (probability: number): number => Number(probability.toPrecision(6));

/** Answers with {@link shortened} probabilities. */
export const shortenedAnswers = <T extends { readonly probability: number }>(answers: readonly T[]): T[] =>
  answers.map((answer) => ({ ...answer, probability: shortened(answer.probability) }));
