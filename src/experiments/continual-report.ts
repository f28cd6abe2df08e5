import { spread } from "../statistics.js";
import type { ContinualCell, ContinualSystem } from "./continual.js";

export const systemNames: Readonly<Record<ContinualSystem, string>> = {
  "own-adapters": "an adapter for each kind (K-Adapter)",
  "shared-adapter": "one adapter trained on all in turn",
  "fine-tuned-model": "the model itself trained in turn",
};

/** What became of a kind that was learnt before the last step. */
export interface KindChange {
  readonly system: ContinualSystem;
  readonly seed: number;
  readonly kind: string;
  /** Score when it was learnt, and after the last step. */
  readonly before: number;
  readonly after: number;
  /** Whether tensors, score and every logit stayed the same to the last bit at each step since. */
  readonly unchanged: boolean;
}

/** Compares every kind but the last with what it was when it was learnt. */
export function continualChanges(cells: readonly ContinualCell[]): KindChange[] {
  const groups = new Map<string, ContinualCell[]>();
  for (const cell of cells) {
    const key = JSON.stringify([cell.system, cell.seed, cell.kind]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  return [...groups.values()].flatMap((group) => {
    const own = group.toSorted((a, b) => a.step - b.step);
    const [first, last] = [own[0] as ContinualCell, own.at(-1) as ContinualCell];
    if (own.length === 1) return [];
    const { system, seed, kind } = first;
    const unchanged = own.every(
      ({ tensors, logits, metric }) =>
        tensors === first.tensors && logits === first.logits && Object.is(metric, first.metric),
    );
    return [{ system, seed, kind, before: first.metric, after: last.metric, unchanged }];
  });
}

/** A row for each step of each way, a column for each kind; scores in percent, mean ± deviation over seeds. */
export function continualTable(cells: readonly ContinualCell[], kinds: readonly string[]): string {
  const row = (parts: readonly string[]) => `| ${parts.join(" | ")} |`;
  const lines = [row(["", "after learning", ...kinds]), row(["---", "---", ...kinds.map(() => "---")])];
  for (const system of new Set(cells.map((cell) => cell.system))) {
    kinds.forEach((kind, i) => {
      const own = cells.filter((cell) => cell.system === system && cell.step === i + 1);
      const scores = kinds.map((column) => {
        const rates = own.filter((cell) => cell.kind === column).map(({ metric }) => 100 * metric);
        if (rates.length === 0) return "";
        const { mean, deviation } = spread(rates);
        return rates.length === 1 ? mean.toFixed(1) : `${mean.toFixed(1)} ± ${deviation.toFixed(1)}`;
      });
      lines.push(row([systemNames[system], `${i + 1}. ${kind}`, ...scores]));
    });
  }
  return lines.join("\n");
}

/** One line for each way. */
export function continualVerdicts(changes: readonly KindChange[]): string[] {
  return [...new Set(changes.map(({ system }) => system))].map((system) => {
    const own = changes.filter((change) => change.system === system);
    const kept = own.filter(({ unchanged }) => unchanged).length;
    const lost = spread(own.map(({ before, after }) => 100 * (before - after))).mean;
    const what =
      kept === own.length
        ? "every earlier kind is the same to the last bit (tensors, logits, score)"
        : `${own.length - kept} of ${own.length} earlier kinds changed, by ${(-lost).toFixed(1)} points on average`;
    return `${systemNames[system]}: ${what}`;
  });
}
