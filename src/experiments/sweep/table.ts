/**
 * The results of many runs as one table: mean and standard deviation over the runs of each setting.
 * @module
 */

import { spread } from "../../statistics.js";
import { markdownTable } from "../tables.js";

/** What became of a run. */
export interface RunOutcome {
  readonly name: string;
  readonly setting: Readonly<Record<string, string>>;
  readonly seed: number | null;
  /** Scores by name; null for a run that failed. */
  readonly scores: Readonly<Record<string, number>> | null;
  /** Why it failed. */
  readonly error?: string;
}

/** Mean and sample standard deviation; the latter is null where there is one value. */
export interface Spread {
  readonly mean: number;
  readonly sd: number | null;
  readonly count: number;
}

/** A setting with all of its runs. */
export interface TableRow {
  readonly setting: Readonly<Record<string, string>>;
  readonly scores: Readonly<Record<string, Spread>>;
  /** Runs that ended well, and all. */
  readonly finished: number;
  readonly runs: number;
  readonly failures: readonly { readonly name: string; readonly error: string }[];
}

export interface SweepTable {
  /** Names of the settings' columns. */
  readonly settings: readonly string[];
  readonly metrics: readonly string[];
  readonly rows: readonly TableRow[];
}

function spreadOf(values: readonly number[]): Spread {
  const { mean, deviation } = spread(values);
  return { mean, sd: values.length < 2 ? null : deviation, count: values.length };
}

/** @param metrics the scores that are wanted; empty: all that some run has, in their order there */
export function sweepTable(outcomes: readonly RunOutcome[], metrics: readonly string[]): SweepTable {
  const groups = new Map<string, RunOutcome[]>();
  for (const outcome of outcomes) {
    const key = JSON.stringify(outcome.setting);
    groups.set(key, [...(groups.get(key) ?? []), outcome]);
  }
  const columns = metrics.length > 0 ? metrics : namesOf(outcomes.map(({ scores }) => scores ?? {}));
  const rows = [...groups.values()].map((group): TableRow => {
    const good = group.flatMap(({ scores }) => (scores ? [scores] : []));
    const named = columns.map((metric) => [metric, good.flatMap((scores) => scores[metric] ?? [])] as const);
    return {
      setting: group[0]!.setting,
      scores: Object.fromEntries(
        named.filter(([, values]) => values.length > 0).map(([metric, values]) => [metric, spreadOf(values)]),
      ),
      finished: good.length,
      runs: group.length,
      failures: group.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }])),
    };
  });
  return { settings: namesOf(outcomes.map(({ setting }) => setting)), metrics: columns, rows };
}

const namesOf = (objects: readonly object[]): string[] => [...new Set(objects.flatMap((one) => Object.keys(one)))];

/** Markdown: a row for each setting, and one for each run that failed. */
export function sweepMarkdown({ settings, metrics, rows }: SweepTable): string {
  const settingCells = ({ setting }: TableRow) => settings.map((name) => setting[name] ?? "");
  const body = rows.flatMap((row) => [
    [...settingCells(row), ...metrics.map((name) => shown(row.scores[name])), runsCell(row)],
    ...row.failures.map(({ name, error }) => {
      const rest = metrics.map((_, i) => (i === 0 ? `failed: ${error}` : ""));
      return [...settingCells(row), ...rest, name];
    }),
  ]);
  return `${markdownTable([...settings, ...metrics, "runs"], body)}\n`;
}

const runsCell = ({ finished, runs }: TableRow): string => (finished === runs ? `${runs}` : `${finished} of ${runs}`);

function shown(value: Spread | undefined): string {
  if (!value) return "";
  const mean = value.mean.toFixed(4);
  return value.sd === null ? mean : `${mean} ± ${value.sd.toFixed(4)}`;
}

/** CSV (RFC 4180) with full precision; the same rows as {@link sweepMarkdown}. */
export function sweepCsv({ settings, metrics, rows }: SweepTable): string {
  const line = (cells: readonly (string | number | null | undefined)[]) =>
    `${cells.map((cell) => quoted(String(cell ?? ""))).join(",")}\r\n`;
  const body = rows.flatMap((row) => {
    const own = settings.map((name) => row.setting[name]);
    const scores = metrics.flatMap((name) => [row.scores[name]?.mean, row.scores[name]?.sd]);
    const empty = scores.map(() => "");
    return [
      line([...own, ...scores, row.finished, row.runs, ""]),
      ...row.failures.map(({ name, error }) => line([...own, ...empty, 0, 1, `${name}: ${error}`])),
    ];
  });
  const head = line([...settings, ...metrics.flatMap((name) => [name, `${name} sd`]), "finished", "runs", "failure"]);
  return head + body.join("");
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
