import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { userError } from "../../errors.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { formatRecipe } from "../../settings/recipe.js";
import type { SweepSettings } from "../../settings/tools.js";
import type { Output } from "../output.js";
import { ChecksFailed, type CommandContext, Interrupted } from "../run.js";
import { readSweep, type Sweep, type SweepRun } from "../sweep/sweep-file.js";
import { csvTable, markdownTable, type RunOutcome, sweepTable } from "../sweep/table.js";

/**
 * `sweep`: every run is a process of its own, so that one that fails takes nobody else with it. A run that is finished
 * is not repeated, one that was stopped is resumed, one that failed is tried again.
 */
export async function run(options: SweepSettings, context: CommandContext): Promise<void> {
  const sweep = await readSweep(options.file);
  const { output } = context;
  if (options.dryRun) {
    for (const { name } of sweep.runs) output.say(name);
    output.result({ out: sweep.out, runs: sweep.runs.map(({ name, options: own }) => ({ name, options: own })) });
    return;
  }
  await clearOthers(sweep, options.overwrite);
  const outcomes: RunOutcome[] = [];
  for (const [i, run] of sweep.runs.entries()) {
    output.note(`run ${i + 1} of ${sweep.runs.length}: ${run.name}`);
    outcomes.push(await outcomeOf(sweep, run, context));
    await writeTables(sweep, outcomes);
  }
  report(sweep, outcomes, output);
}

/** What a run's folder holds of the sweep: its options as a recipe, and what it reached. */
const filesOf = (sweep: Sweep, { name }: SweepRun) => {
  const folder = join(sweep.out, name);
  return { folder, recipe: join(folder, "recipe.yaml"), result: join(folder, "result.json") };
};

const readText = (path: string): Promise<string | null> => readFile(path, "utf8").catch(() => null);

/** What a finished run reached, and on what it was evaluated. */
interface Kept {
  readonly scores: Readonly<Record<string, number>>;
  readonly evaluations: Sweep["evaluations"];
}

/**
 * Runs that were made with other options are neither taken for these nor thrown away, unless that is asked for. Then
 * they go before the first run begins.
 */
async function clearOthers(sweep: Sweep, overwrite: boolean): Promise<void> {
  for (const run of sweep.runs) {
    const { folder, recipe } = filesOf(sweep, run);
    const [before, now] = [await readText(recipe), formatRecipe(run.options)];
    if (before === null || before === now) continue;
    if (overwrite) await rm(folder, { recursive: true, force: true });
    else {
      const lines = new Set(now.split("\n"));
      const other = before.split("\n").find((line) => !lines.has(line)) ?? "more of them";
      throw userError({
        where: recipe,
        what: `the run was made with other options (${other})`,
        fix: "choose another out, or train it anew with --overwrite",
      });
    }
  }
}

async function outcomeOf(sweep: Sweep, run: SweepRun, context: CommandContext): Promise<RunOutcome> {
  const { name, setting, seed } = run;
  const { result } = filesOf(sweep, run);
  const text = await readText(result);
  const kept = text === null ? null : (JSON.parse(text) as Kept);
  if (kept && JSON.stringify(kept.evaluations) === JSON.stringify(sweep.evaluations)) {
    context.output.note("finished before");
    return { name, setting, seed, scores: kept.scores };
  }
  try {
    const scores = await trained(sweep, run, context);
    await writeFileAtomically(result, JSON.stringify({ scores, evaluations: sweep.evaluations } satisfies Kept));
    return { name, setting, seed, scores };
  } catch (error) {
    if (!(error instanceof RunFailed)) throw error;
    context.output.note(`failed: ${error.message}`);
    return { name, setting, seed, scores: null, error: error.message };
  }
}

/** Trains (or goes on with) one run and evaluates it. */
async function trained(sweep: Sweep, run: SweepRun, context: CommandContext): Promise<Record<string, number>> {
  const { folder, recipe } = filesOf(sweep, run);
  await writeFileAtomically(recipe, formatRecipe(run.options));
  const scores = scoresOf(await kadapter([...sweep.command, "--recipe", recipe, "--resume"], context), "");
  for (const { name, files } of sweep.evaluations) {
    const data = ["--backbone", String(run.options["backbone"]), "--data", ...files];
    Object.assign(scores, scoresOf(await kadapter(["eval", "--adapter", folder, ...data], context), `${name}.`));
  }
  return scores;
}

/** A run that ended with an error; the message is what it said. */
class RunFailed extends Error {}

const executable = fileURLToPath(new URL("../../../bin/kadapter.js", import.meta.url));

/** Runs the command line and gives the object on its last line. */
async function kadapter(
  args: readonly string[],
  { signal, stderr }: CommandContext,
): Promise<Readonly<Record<string, unknown>>> {
  const stopped = () => new Interrupted("continue with the same command");
  if (signal.aborted) throw stopped();
  // In a process group of its own, so that a terminal's Ctrl-C reaches it once: from here.
  const child = spawn(process.execPath, [executable, ...args, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stop = () => void child.kill("SIGINT");
  signal.addEventListener("abort", stop, { once: true });
  let [stdout, said] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-4096);
    stderr.write(text.replace(/^error: /gm, "the run ended: "));
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(() => signal.removeEventListener("abort", stop));
  if (signal.aborted || code === 130) throw stopped();
  if (code === 0) return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Readonly<Record<string, unknown>>;
  const last = said.trimEnd().split("\n").at(-1) ?? "";
  throw new RunFailed(last.replace(/^error: /, "") || `it ended with ${code ?? "a signal"}`);
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

/** The scores of a result: its numbers. */
function scoresOf(result: Readonly<Record<string, unknown>>, prefix: string): Record<string, number> {
  const scores = Object.entries(result).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && !counts.has(entry[0]),
  );
  return Object.fromEntries(scores.map(([key, value]) => [`${prefix}${key}`, value]));
}

async function writeTables(sweep: Sweep, outcomes: readonly RunOutcome[]): Promise<void> {
  const table = sweepTable(outcomes, sweep.metrics);
  await writeFileAtomically(join(sweep.out, "table.md"), markdownTable(table));
  await writeFileAtomically(join(sweep.out, "table.csv"), csvTable(table));
}

function report(sweep: Sweep, outcomes: readonly RunOutcome[], output: Output): void {
  const table = sweepTable(outcomes, sweep.metrics);
  for (const line of markdownTable(table).trimEnd().split("\n")) output.say(line);
  const failed = outcomes.filter(({ scores }) => scores === null).length;
  output.say(`the table is in ${join(sweep.out, "table.md")} and table.csv`);
  output.result({
    out: sweep.out,
    table: join(sweep.out, "table.md"),
    csv: join(sweep.out, "table.csv"),
    runs: outcomes,
    failed,
    rows: table.rows,
  });
  if (failed > 0) throw new ChecksFailed(`${failed} of ${outcomes.length} runs failed`);
}
