import { controlRows, transferRows } from "../settings/choices.js";
import { spread } from "../statistics.js";
import type { TransferCell, TransferResult } from "./transfer-plan.js";

/** One line of the table: a row's features by one view. */
export interface TransferLine {
  readonly name: string;
  /** Whether it was taught relations. */
  readonly learnt: boolean;
  /** By measure; null where it was not run. */
  readonly scores: Readonly<Record<string, Score | null>>;
}

/** Accuracies over seeds; fractions. */
export interface Score {
  readonly mean: number;
  readonly deviation: number;
  readonly seeds: number;
}

const rowNames: Readonly<Record<TransferCell["row"], string>> = {
  last: "h[L]",
  taps: "taps side by side",
  "taps-sum": "taps summed",
  random: "random adapter",
  "random-official": "random adapter, released code's init",
  "shuffled-classification": "F, classification, shuffled labels",
  "shuffled-own-output": "F, own output, shuffled labels",
  "shuffled-contrastive": "F, contrastive, shuffled labels",
  "permuted-classification": "F, classification, weights permuted",
  "permuted-own-output": "F, own output, weights permuted",
  "permuted-contrastive": "F, contrastive, weights permuted",
  classification: "F, classification",
  "own-output": "F, own output",
  contrastive: "F, contrastive",
};

/** Means and deviations over seeds, in the order of the ladder. */
export function transferLines({ cells, measures }: Pick<TransferResult, "cells" | "measures">): TransferLine[] {
  const several = new Set(cells.flatMap(({ relations }) => (relations === null ? [] : [relations]))).size > 1;
  const keys = new Map<string, TransferCell[]>();
  for (const row of transferRows) {
    for (const cell of cells.filter((one) => one.row === row)) {
      const key = JSON.stringify([row, cell.relations, cell.view]);
      keys.set(key, [...(keys.get(key) ?? []), cell]);
    }
  }
  return [...keys.values()].map((own) => {
    const { row, relations, view } = own[0] as TransferCell;
    const parts = [rowNames[row], ...(several && relations !== null ? [`${relations} relations`] : [])];
    const scores = measures.map((measure) => {
      const rates = own.filter((cell) => cell.measure === measure).map(({ accuracy }) => accuracy);
      return [measure, rates.length === 0 ? null : { ...spread(rates), seeds: rates.length }] as const;
    });
    return {
      name: `${parts.join(", ")}${view === "h" ? "" : `: ${view}`}`,
      learnt: !controlRows.some((name) => name === row),
      scores: Object.fromEntries(scores),
    };
  });
}

const percent = (rate: number) => (100 * rate).toFixed(1);
export const shownScore = (score: Score | null): string =>
  score === null
    ? "not run"
    : score.seeds === 1
      ? `${percent(score.mean)} (one seed)`
      : `${percent(score.mean)} ± ${percent(score.deviation)}`;

/** Accuracies in percent, mean ± standard deviation over seeds. */
export function transferTable(lines: readonly TransferLine[], measures: readonly string[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    row(["features", ...measures]),
    row(["---", ...measures.map(() => "---")]),
    ...lines.map(({ name, scores }) => row([name, ...measures.map((measure) => shownScore(scores[measure] ?? null))])),
  ].join("\n");
}

/**
 * What a measure says: whether the best that was taught relations beats every control by more than two standard
 * deviations of the difference, √(s² + s²).
 */
export function verdict(lines: readonly TransferLine[], measure: string): string {
  const scored = lines.flatMap((line) => {
    const score = line.scores[measure];
    return score ? [{ ...line, score }] : [];
  });
  const best = (learnt: boolean) =>
    scored.filter((line) => line.learnt === learnt).sort((a, b) => b.score.mean - a.score.mean)[0];
  const [ours, control] = [best(true), best(false)];
  if (!ours || !control) return `${measure}: nothing to compare`;
  const shown = `${ours.name} ${shownScore(ours.score)}; best control: ${control.name} ${shownScore(control.score)}`;
  if (ours.score.seeds < 2 || control.score.seeds < 2) return `${measure}: one seed says nothing of spread (${shown})`;
  const wins = scored
    .filter(({ learnt }) => !learnt)
    .every(({ score }) => ours.score.mean - score.mean > 2 * Math.hypot(ours.score.deviation, score.deviation));
  if (wins) return `${measure}: the knowledge arrives, beyond two standard deviations of every control (${shown})`;
  const ahead = ours.score.mean > control.score.mean;
  return `${measure}: ${ahead ? "ahead, but within two standard deviations of a control" : "no gain over what needs no knowledge"} (${shown})`;
}
