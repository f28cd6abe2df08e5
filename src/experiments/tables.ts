/**
 * What the experiments' tables have in common.
 * @module
 */
import { spread } from "../statistics.js";

/** A line of a Markdown table. */
export const markdownRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

/** A Markdown table without a line break at its end. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map(markdownRow).join("\n");
}

/** Mean ± sample standard deviation; the mean alone of a single number. */
export function shownSpread(numbers: readonly number[], digits = 1): string {
  const { mean, deviation } = spread(numbers);
  return numbers.length > 1 ? `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}` : mean.toFixed(digits);
}
