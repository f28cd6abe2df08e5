/**
 * How well facts are recalled, and how much of all else stays as it was.
 * @module
 */

/** What the model says of a hidden token; see `RecallHead`. */
export interface HiddenToken {
  /** Of the right token among all, from 1. */
  readonly rank: number;
  /** The right token's, now and beside the model alone. */
  readonly logProbability: number;
  readonly logProbabilityBefore: number;
  /** Whether the likeliest token is the model's own. */
  readonly kept: boolean;
}

/** Answers to questions about facts. */
export interface AnswerScores {
  /** Share of questions all tokens of whose answer are the likeliest ones. */
  readonly p1: number;
  /** Mean of 1 / rank; of several tokens the worst one's. */
  readonly mrr: number;
  /** Mean probability of the right answer: the product of its tokens'. */
  readonly probability: number;
  readonly questions: number;
}

/** What was not taught. */
export type KeptScores = {
  /** Share of tokens whose likeliest word is the model's own. */
  readonly argmaxKept: number;
  /** exp of the mean loss of a hidden token, now and beside the model alone. */
  readonly perplexity: number;
  readonly before: number;
  readonly tokens: number;
};

/** Scores of answers, each the tokens of one question. */
export function answerScores(answers: readonly (readonly HiddenToken[])[]): AnswerScores {
  const ranks = answers.map((tokens) => Math.max(...tokens.map(({ rank }) => rank)));
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const likelihood = (tokens: readonly HiddenToken[]) =>
    Math.exp(tokens.reduce((sum, { logProbability }) => sum + logProbability, 0));
  return {
    p1: mean(ranks.map((rank) => (rank === 1 ? 1 : 0))),
    mrr: mean(ranks.map((rank) => 1 / rank)),
    probability: mean(answers.map(likelihood)),
    questions: answers.length,
  };
}

/** Scores of hidden tokens of texts that were not taught. */
export function keptScores(tokens: readonly HiddenToken[]): KeptScores {
  const count = Math.max(1, tokens.length);
  const perplexity = (pick: (token: HiddenToken) => number) =>
    Math.exp(-tokens.reduce((sum, token) => sum + pick(token), 0) / count);
  return {
    argmaxKept: tokens.filter(({ kept }) => kept).length / count,
    perplexity: perplexity(({ logProbability }) => logProbability),
    before: perplexity(({ logProbabilityBefore }) => logProbabilityBefore),
    tokens: tokens.length,
  };
}
