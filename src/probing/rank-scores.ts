/**
 * How well answers are ranked: LAMA's precision at k and mean reciprocal rank, ParaRel's consistency.
 * @module
 */

/** Answers of a model to some questions. */
export interface RankScores {
  /** Share of questions whose right answer is the first; among the first 10, 100. */
  readonly p1: number;
  readonly p10: number;
  readonly p100: number;
  /** Mean of 1 / rank. */
  readonly mrr: number;
  readonly questions: number;
}

/**
 * The right answer's rank, from 1. Of equal scores the earlier candidate goes first, as in a stable sort; a score that
 * is no number counts as the lowest.
 *
 * @param scores one for each candidate
 * @param right the right candidate's index
 */
export function rankOf(scores: Float32Array | readonly number[], right: number): number {
  const own = scores[right] as number;
  let rank = 1;
  for (let i = 0; i < scores.length; i++) {
    const other = scores[i] as number;
    if (other > own || (other === own && i < right) || (Number.isNaN(own) && (i < right || !Number.isNaN(other)))) {
      if (i !== right) rank++;
    }
  }
  return rank;
}

/** Scores of questions whose right answers have these ranks; zeros where there are none. */
export function rankScores(ranks: readonly number[]): RankScores {
  const within = (k: number) => ranks.filter((rank) => rank <= k).length / Math.max(1, ranks.length);
  const mrr = ranks.reduce((sum, rank) => sum + 1 / rank, 0) / Math.max(1, ranks.length);
  return { p1: within(1), p10: within(10), p100: within(100), mrr, questions: ranks.length };
}

/** LAMA's summary: every relation counts the same, however many questions it has; relations without any are left out. */
export function macroAverage(relations: readonly RankScores[]): RankScores {
  const asked = relations.filter(({ questions }) => questions > 0);
  const mean = (pick: (scores: RankScores) => number) =>
    asked.reduce((sum, scores) => sum + pick(scores), 0) / Math.max(1, asked.length);
  return {
    p1: mean(({ p1 }) => p1),
    p10: mean(({ p10 }) => p10),
    p100: mean(({ p100 }) => p100),
    mrr: mean(({ mrr }) => mrr),
    questions: asked.reduce((sum, { questions }) => sum + questions, 0),
  };
}

/** Answers to the same fact, asked in several words. */
export interface ParaphrasedAnswers {
  /** The first answer to each paraphrase. */
  readonly answers: readonly number[];
  readonly right: number;
}

export interface ConsistencyScores {
  /** Share of pairs of paraphrases with the same answer (ParaRel, Elazar et al. 2021, §3). */
  readonly consistency: number;
  /** Share of facts that are answered rightly in all words. */
  readonly consistentlyRight: number;
  readonly facts: number;
}

/**
 * ParaRel's consistency: share of pairs of paraphrases with the same answer.
 *
 * @param facts each fact's answers to its paraphrases; 0 where no fact has two
 */
export function agreement<T>(facts: readonly (readonly T[])[]): number {
  let pairs = 0;
  let agreeing = 0;
  for (const answers of facts) {
    pairs += pairsOf(answers.length);
    const counts = new Map<T, number>();
    for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
    for (const count of counts.values()) agreeing += pairsOf(count);
  }
  return pairs === 0 ? 0 : agreeing / pairs;
}

const pairsOf = (count: number) => (count * (count - 1)) / 2;

/** ParaRel's measures over the facts of a relation; facts with one paraphrase have no pairs and are left out. */
export function consistencyScores(facts: readonly ParaphrasedAnswers[]): ConsistencyScores {
  const several = facts.filter(({ answers }) => answers.length > 1);
  const right = several.filter(({ answers, right: truth }) => answers.every((answer) => answer === truth));
  return {
    consistency: agreement(several.map(({ answers }) => answers)),
    consistentlyRight: right.length / Math.max(1, several.length),
    facts: several.length,
  };
}
