import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setting } from "../../errors.js";
import {
  RunFailed,
  type RunResult,
  runSweep,
  type Sweep,
  type SweepResult,
  type SweepRunner,
  tabulateSweep,
} from "../../experiments/sweep/sweep.js";
import { readSweep } from "../../experiments/sweep/sweep-file.js";
import { sweepMarkdown, sweepTable } from "../../experiments/sweep/table.js";
import { withOutputFolder } from "../../library/output-folder.js";
import { type Part, partName, shownPart } from "../../part.js";
import type { SweepSettings } from "../../settings/tools.js";
import type { Output } from "../output.js";
import { ChecksFailed, type CommandContext, childVariable, Interrupted } from "../run.js";

/** `sweep`: every run is a process of its own, so that one that fails takes nobody else with it. */
export async function run(options: SweepSettings, context: CommandContext): Promise<void> {
  const { file, dryRun, overwrite, part, tableOnly } = options;
  const sweep = await readSweep(file);
  const { output } = context;
  if (dryRun) {
    for (const { name } of sweep.runs) output.say(name);
    output.result({ out: sweep.out, runs: sweep.runs.map(({ name, options }) => ({ name, options })) });
    return;
  }
  const onNote = (line: string) => output.note(line);
  if (tableOnly) return report(sweep, await tabulateSweep(sweep), output);
  const how = { overwrite, onNote, ...(part ? { part } : {}) };
  // Parts have folders of their own to be alone in: each run's folder is locked by its training anyway.
  const folder = part ? join(sweep.out, "parts", partName(part)) : sweep.out;
  const result = await withOutputFolder(folder, () => runSweep(sweep, processes(context), how));
  if (part) reportPart(part, result, output);
  else report(sweep, result, output);
}

/** Runs as processes of the command line. */
function processes(context: CommandContext): SweepRunner {
  return {
    train: (command, recipe) => kadapter([...command, "--recipe", recipe, "--resume"], context),
    evaluate: (folder, { backbone, wordings }, files) => {
      const how = [...flag("--backbone", backbone), ...flag("--wordings", wordings)];
      return kadapter(["eval", "--adapter", folder, ...how, "--data", ...files], context);
    },
  };
}

const flag = (name: string, value: unknown): readonly string[] => (typeof value === "string" ? [name, value] : []);

const executable = fileURLToPath(new URL("../../../bin/kadapter.js", import.meta.url));

/** Runs the command line and gives the object on its last line. */
async function kadapter(args: readonly string[], { signal, stderr }: CommandContext): Promise<RunResult> {
  const stopped = () => new Interrupted("continue with the same command");
  if (signal.aborted) throw stopped();
  // In a process group of its own, so that a terminal's Ctrl-C reaches it once: from here. The channel tells it when this
  // process is gone, whatever ended it.
  const child = spawn(process.execPath, [executable, ...args, "--json"], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    detached: true,
    env: { ...process.env, [childVariable]: "1" },
  });
  const stop = () => void child.kill("SIGINT");
  signal.addEventListener("abort", stop, { once: true });
  let [stdout, said] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-4096);
    stderr.write(text.replace(/^error: /gm, "the run ended: "));
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(() => signal.removeEventListener("abort", stop));
  if (signal.aborted || code === 130) throw stopped();
  if (code === 0) return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as RunResult;
  const last = said.trimEnd().split("\n").at(-1) ?? "";
  throw new RunFailed(last.replace(/^error: /, "") || `it ended with ${code ?? "a signal"}`);
}

function report(sweep: Sweep, { outcomes, markdown, csv }: SweepResult, output: Output): void {
  const table = sweepTable(outcomes, sweep.metrics);
  for (const line of sweepMarkdown(table).trimEnd().split("\n")) output.say(line);
  output.say(`the table is in ${markdown} and ${csv}`);
  output.result({ out: sweep.out, table: markdown, csv, runs: outcomes, failed: failedOf(outcomes), rows: table.rows });
  requireAll(outcomes);
}

/** What one part of an array did. */
function reportPart(part: Part, { outcomes }: SweepResult, output: Output): void {
  for (const { name, error } of outcomes) output.say(`${name}: ${error ?? "finished"}`);
  output.note(`part ${shownPart(part)} is done; ${setting("tableOnly", true)} makes the table of all parts`);
  output.result({ part: shownPart(part), runs: outcomes, failed: failedOf(outcomes) });
  requireAll(outcomes);
}

const failedOf = (outcomes: SweepResult["outcomes"]) => outcomes.filter(({ scores }) => scores === null).length;

function requireAll(outcomes: SweepResult["outcomes"]): void {
  const failed = failedOf(outcomes);
  if (failed > 0) throw new ChecksFailed(`${failed} of ${outcomes.length} runs failed`);
}
