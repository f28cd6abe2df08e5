/**
 * Many trainings, one table: every combination of settings and seeds is trained, tested, and goes on where it was
 * stopped. How one training is run is the caller's affair.
 * @module
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { setting, userError } from "../../errors.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { parseWith, readJsonIfThere } from "../../files/json.js";
import { readTextIfThere } from "../../files/text.js";
import { isOwn, type Part } from "../../part.js";
import { formatRecipe } from "../../settings/recipe.js";
import { resultFile } from "../cells.js";
import { type RunOutcome, sweepCsv, sweepMarkdown, sweepTable } from "./table.js";

/** One training of a sweep. */
export interface SweepRun {
  /** Names its folder. */
  readonly name: string;
  /** What tells it from the others but for the seed: the columns of the table. */
  readonly setting: Readonly<Record<string, string>>;
  readonly seed: number | null;
  /** Complete and checked. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A data set that finished runs are evaluated on. */
export interface SweepEvaluation {
  readonly name: string;
  readonly files: readonly string[];
}

export interface Sweep {
  /** Words of the command: `finetune`, `relations`. */
  readonly command: readonly string[];
  readonly out: string;
  /** In the order in which they are run: all settings with the first seed, then with the next. */
  readonly runs: readonly SweepRun[];
  readonly evaluations: readonly SweepEvaluation[];
  /** Columns of the table; empty: all scores. */
  readonly metrics: readonly string[];
}

/** The result of a training or an evaluation: its numbers are the scores. */
export type RunResult = Readonly<Record<string, unknown>>;

/** How runs of a sweep are done. */
export interface SweepRunner {
  /**
   * Trains, or goes on.
   *
   * @param recipe the file with its settings
   * @throws RunFailed where the run cannot be done, but others can
   */
  train(command: readonly string[], recipe: string): Promise<RunResult>;
  /** Measures a finished run on more data. */
  evaluate(folder: string, options: SweepRun["options"], files: readonly string[]): Promise<RunResult>;
}

/** A run that ended with an error; the message is what it said. */
export class RunFailed extends Error {
  override readonly name = "RunFailed";
}

/** What became of a whole sweep. */
export interface SweepResult {
  readonly outcomes: readonly RunOutcome[];
  /** The tables' files. */
  readonly markdown: string;
  readonly csv: string;
}

export interface SweepOptions {
  /** Trains anew what was trained with other options. */
  readonly overwrite?: boolean;
  /** Does these runs only, dealt out in turn, and writes no tables: those are made of all runs, when all are finished. */
  readonly part?: Part;
  readonly onNote?: (line: string) => void;
}

/**
 * Does all runs. A run that is finished is not repeated, one that was stopped goes on, one that failed is tried again;
 * the tables are written anew after each.
 *
 * @throws UserError where a folder holds a run of other options, before the first run begins
 */
export async function runSweep(
  sweep: Sweep,
  runner: SweepRunner,
  { overwrite = false, part, onNote = () => undefined }: SweepOptions = {},
): Promise<SweepResult> {
  const runs = sweep.runs.filter((_, i) => isOwn(i, part));
  await clearOthers({ ...sweep, runs }, overwrite);
  const outcomes: RunOutcome[] = [];
  for (const [i, run] of runs.entries()) {
    onNote(`run ${i + 1} of ${runs.length}: ${run.name}`);
    outcomes.push(await outcomeOf(sweep, run, runner, onNote));
    if (part === undefined) await writeTables(sweep, outcomes);
  }
  return { outcomes, ...tablesOf(sweep) };
}

/**
 * Writes the tables of the runs that are finished, wherever they were done; the others are there as rows.
 *
 * @throws UserError where a finished run was made with other options
 */
export async function tabulateSweep(sweep: Sweep): Promise<SweepResult> {
  await clearOthers(sweep, false);
  const outcomes: RunOutcome[] = [];
  for (const run of sweep.runs) {
    const { name, setting, seed } = run;
    const scores = await keptScores(sweep, run);
    outcomes.push({ name, setting, seed, scores, ...(scores === null ? { error: unfinished } : {}) });
  }
  await writeTables(sweep, outcomes);
  return { outcomes, ...tablesOf(sweep) };
}

const unfinished = "it is not finished";

const tablesOf = ({ out }: Sweep) => ({ markdown: join(out, "table.md"), csv: join(out, "table.csv") });

async function writeTables(sweep: Sweep, outcomes: readonly RunOutcome[]): Promise<void> {
  const table = sweepTable(outcomes, sweep.metrics);
  const { markdown, csv } = tablesOf(sweep);
  await writeFileAtomically(markdown, sweepMarkdown(table));
  await writeFileAtomically(csv, sweepCsv(table));
}

/** What a run's folder holds of the sweep: its options as a recipe, and what it reached. */
const filesOf = (sweep: Sweep, { name }: SweepRun) => {
  const folder = join(sweep.out, name);
  return { folder, recipe: join(folder, "recipe.yaml"), result: join(folder, "result.json") };
};

/** What a finished run reached, and on what it was evaluated. */
const keptSchema = z.object({ scores: z.record(z.string(), z.number()), evaluations: z.json() });

/**
 * Runs that were made with other options are neither taken for these nor thrown away, unless that is asked for. Then
 * they go before the first run begins.
 */
async function clearOthers(sweep: Sweep, overwrite: boolean): Promise<void> {
  for (const run of sweep.runs) {
    const { folder, recipe } = filesOf(sweep, run);
    const before = await readTextIfThere(recipe, { what: "the recipe" });
    const now = formatRecipe(run.options);
    if (before === null || before === now) continue;
    if (overwrite) await rm(folder, { recursive: true, force: true });
    else {
      const lines = new Set(now.split("\n"));
      const other = before.split("\n").find((line) => !lines.has(line)) ?? "more of them";
      throw userError({
        where: recipe,
        what: `the run was made with other options (${other})`,
        fix: `choose another out, or train it anew with ${setting("overwrite")}`,
      });
    }
  }
}

async function outcomeOf(
  sweep: Sweep,
  run: SweepRun,
  runner: SweepRunner,
  onNote: (line: string) => void,
): Promise<RunOutcome> {
  const { name, setting, seed } = run;
  const kept = await keptScores(sweep, run);
  if (kept !== null) {
    onNote("finished before");
    return { name, setting, seed, scores: kept };
  }
  try {
    const scores = await trained(sweep, run, runner);
    const { result } = filesOf(sweep, run);
    await writeFileAtomically(result, JSON.stringify({ scores, evaluations: sweep.evaluations }));
    return { name, setting, seed, scores };
  } catch (error) {
    if (!(error instanceof RunFailed)) throw error;
    onNote(`failed: ${error.message}`);
    return { name, setting, seed, scores: null, error: error.message };
  }
}

/** What a finished run reached; null for one that is not finished, or not evaluated on what is wanted now. */
async function keptScores(sweep: Sweep, run: SweepRun): Promise<RunOutcome["scores"]> {
  const { result } = filesOf(sweep, run);
  const json = await readJsonIfThere(result, resultFile);
  if (json === undefined) return null;
  const { scores, evaluations } = parseWith(keptSchema, json, result, resultFile);
  return JSON.stringify(evaluations) === JSON.stringify(sweep.evaluations) ? scores : null;
}

/** Trains (or goes on with) one run and evaluates it. */
async function trained(sweep: Sweep, run: SweepRun, runner: SweepRunner): Promise<Record<string, number>> {
  const { folder, recipe } = filesOf(sweep, run);
  await writeFileAtomically(recipe, formatRecipe(run.options));
  const scores = scoresOf(await runner.train(sweep.command, recipe), "");
  for (const { name, files } of sweep.evaluations) {
    Object.assign(scores, scoresOf(await runner.evaluate(folder, run.options, files), `${name}.`));
  }
  return scores;
}

/** Numbers that say what was done, not how well. */
const counts = new Set([
  "bestStep",
  "steps",
  "examples",
  "questions",
  "sentences",
  "words",
  "skipped",
  "trainExamples",
  "devExamples",
  "testExamples",
  "exactMatches",
]);

/** The scores of a result: its numbers but for counts. */
export function scoresOf(result: RunResult, prefix: string): Record<string, number> {
  const scores = Object.entries(result).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && !counts.has(entry[0]),
  );
  return Object.fromEntries(scores.map(([key, value]) => [`${prefix}${key}`, value]));
}
