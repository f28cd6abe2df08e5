/**
 * The scores that relation classification sets are reported with.
 * @module
 */

/** Precision, recall and F1; fractions. */
export interface PrecisionRecall {
  /** Share of right answers among those that were given. */
  readonly precision: number;
  /** Share of what there is that was told. */
  readonly recall: number;
  /** Harmonic mean of the two. */
  readonly f1: number;
}

/** Harmonic mean; 0 where both are 0. */
export function harmonicMean(precision: number, recall: number): number {
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}

/**
 * TACRED's micro scores (`micro_f1_tacred` of the released code, TACRED's own scorer): pairs without a relation count
 * only where they are taken for one. Precision is 1 when nothing was predicted, as there.
 *
 * @param none the class of pairs without a relation
 */
export function scoreTacred(gold: readonly number[], predicted: readonly number[], none: number): PrecisionRecall {
  let [correct, guessed, present] = [0, 0, 0];
  gold.forEach((truth, i) => {
    const answer = predicted[i];
    if (answer !== none) guessed++;
    if (truth !== none) present++;
    if (answer !== none && answer === truth) correct++;
  });
  const precision = guessed === 0 ? 1 : correct / guessed;
  const recall = present === 0 ? 0 : correct / present;
  return { precision, recall, f1: harmonicMean(precision, recall) };
}

export interface SemEvalScores {
  /** Mean F1 over the relations except Other, each with both directions: the official score. */
  readonly macroF1: number;
  readonly perRelation: Readonly<Record<string, PrecisionRecall>>;
}

/** The relation of a directed label: `Cause-Effect` of `Cause-Effect(e2,e1)`. */
export const undirected = (label: string): string => label.replace(/\(e[12],e[12]\)$/, "");

/** SemEval-2010 Task 8's label of pairs that stand in none of its relations. */
export const otherRelation = "Other";

/**
 * SemEval-2010 Task 8's official score (`semeval2010_task8_scorer-v1.2.pl`, (9+1)-way with directionality): a relation
 * in the wrong direction is wrong, and counts among what was predicted and what was there.
 */
export function scoreSemEval(
  gold: readonly number[],
  predicted: readonly number[],
  labels: readonly string[],
): SemEvalScores {
  const relations = [...new Set(labels.map(undirected))].filter((relation) => relation !== otherRelation);
  const counts = new Map(relations.map((relation) => [relation, { correct: 0, guessed: 0, present: 0 }]));
  const of = (label: number | undefined) => counts.get(undirected(labels[label ?? -1] ?? ""));
  gold.forEach((truth, i) => {
    const [there, said] = [of(truth), of(predicted[i])];
    if (there) there.present++;
    if (said) said.guessed++;
    if (there && truth === predicted[i]) there.correct++;
  });
  const perRelation = Object.fromEntries(
    [...counts].map(([relation, { correct, guessed, present }]) => {
      const precision = guessed === 0 ? 0 : correct / guessed;
      const recall = present === 0 ? 0 : correct / present;
      return [relation, { precision, recall, f1: harmonicMean(precision, recall) }];
    }),
  );
  const sum = Object.values(perRelation).reduce((total, { f1 }) => total + f1, 0);
  return { macroF1: relations.length === 0 ? 0 : sum / relations.length, perRelation };
}
