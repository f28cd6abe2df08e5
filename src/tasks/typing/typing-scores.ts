import { argmax } from "../classification-scores.js";
import { harmonicMean, type PrecisionRecall } from "../relations/relation-scores.js";

/** How well types are told; fractions. */
export interface TypingScores {
  /** Share of mentions whose set of labels is exactly right. */
  readonly strictAccuracy: number;
  /** Their number. */
  readonly exactMatches: number;
  /** Over all labels of all mentions; the figure that OpenEntity is reported with. */
  readonly looseMicro: PrecisionRecall;
  /** Precision and recall of each mention, on average. */
  readonly looseMacro: PrecisionRecall;
  /** Mentions that were told. */
  readonly examples: number;
}

/**
 * The labels that are predicted: those above probability ½. FIGER's script adds the best one, all of them at a tie, so
 * that something is always predicted; OpenEntity's does not.
 *
 * @see https://github.com/microsoft/K-Adapter/blob/43651cd3b30d80572907b9661ccf2d7318bd9653/examples/run_finetune_figer_adapter.py#L299 `accuracy`
 */
export function predictedTypes(logits: Float32Array, alwaysOne: boolean): number[] {
  const top = logits[argmax(logits)];
  return Array.from(logits.keys()).filter((i) => {
    const logit = logits[i] as number;
    return logit > 0 || (alwaysOne && logit === top);
  });
}

/**
 * Strict, loose micro and loose macro scores (Ling & Weld 2012) as `entity_typing_accuracy` of the released code
 * computes them. Where it divides by zero, without any gold label, recall is 0 here.
 *
 * @param gold each mention's labels
 */
export function scoreTyping(
  gold: readonly (readonly number[])[],
  predicted: readonly (readonly number[])[],
): TypingScores {
  const sums = { exact: 0, shared: 0, gold: 0, predicted: 0, precision: 0, recall: 0 };
  gold.forEach((truth, i) => {
    const said = predicted[i] ?? [];
    const there = new Set(truth);
    const shared = said.filter((label) => there.has(label)).length;
    if (shared === truth.length && shared === said.length) sums.exact++;
    sums.shared += shared;
    sums.gold += truth.length;
    sums.predicted += said.length;
    if (said.length > 0) sums.precision += shared / said.length;
    if (truth.length > 0) sums.recall += shared / truth.length;
  });
  const rows = gold.length;
  return {
    strictAccuracy: ratio(sums.exact, rows),
    exactMatches: sums.exact,
    looseMicro: both(ratio(sums.shared, sums.predicted), ratio(sums.shared, sums.gold)),
    looseMacro: both(ratio(sums.precision, rows), ratio(sums.recall, rows)),
    examples: rows,
  };
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

const both = (precision: number, recall: number): PrecisionRecall => ({
  precision,
  recall,
  f1: harmonicMean(precision, recall),
});
