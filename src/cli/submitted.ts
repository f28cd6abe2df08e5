/**
 * A command line that is to run elsewhere: checked here, and laid out for a cluster.
 * @module
 */
import { setting, userError } from "../errors.js";
import { resolveGiven } from "../settings/given.js";
import type { Table } from "../settings/setting.js";
import type { JobSettings } from "../settings/submit.js";
import { type ClusterJob, type JobShape, type JobWord, partOfTask } from "../submit/job.js";
import type { CommandEntry } from "./command.js";
import { entryOf, runInner } from "./inner-command.js";
import type { CommandContext } from "./run.js";

/** A command line that has no mistakes, as far as can be told here. */
interface CheckedCommand {
  /** `pretrain factual` */
  readonly name: string;
  /** What follows the name. */
  readonly rest: readonly string[];
  readonly table: Table;
}

/** The job that a command line and the settings of `submit` make. */
export async function clusterJob(settings: JobSettings, context: CommandContext): Promise<ClusterJob> {
  const { command: words, program, cpus, memory, gpus, grace, restarts } = settings;
  const command = await checkedCommand(words, context);
  const shape = shapeOf(command, settings);
  return {
    name: settings.name ?? `kadapter-${command.name.replaceAll(" ", "-")}`,
    program: program.trim().split(/\s+/),
    command: [...command.name.split(" "), ...added(command, shape), ...command.rest],
    ...{ shape, cpus, memory, gpus, grace, restarts },
  };
}

/** Parses a command line as if it were to be run, but for what a recipe says, which may not be readable here. */
async function checkedCommand(words: readonly string[], context: CommandContext): Promise<CheckedCommand> {
  let checked: CheckedCommand | undefined;
  let inner: readonly string[] | undefined;
  const recipe = words.findIndex((word) => word === "--recipe" || word.startsWith("--recipe="));
  const held = recipe < 0 ? 0 : words[recipe] === "--recipe" ? 2 : 1;
  const parsed = recipe < 0 ? words : words.toSpliced(recipe, held);
  const checking = (entry: CommandEntry): CommandEntry => ({
    ...entry,
    run: async (given) => {
      const table = await entry.flags();
      if (recipe < 0) resolveGiven(table, ...given);
      const behind = given[0]?.get("command")?.value;
      if ("command" in table && Array.isArray(behind)) inner = behind;
      checked = { name: entry.name, rest: words.slice(entry.name.split(" ").length), table };
    },
  });
  await runInner(parsed, context, (entries) => known(words, entries).map(checking));
  if (inner) await checkedCommand(inner, context);
  if (checked) return checked;
  throw userError({ where: words.join(" "), what: "this runs nothing", expected: "a command with its settings" });
}

function known(words: readonly string[], entries: readonly CommandEntry[]): readonly CommandEntry[] {
  const others = entries.filter(({ name }) => !name.startsWith("submit "));
  if (entryOf(words, others)) return others;
  throw userError({
    where: words.slice(0, 2).join(" "),
    what: "this is no command that a cluster can run",
    expected: others.map(({ name }) => name).join(", "),
  });
}

const gives = (rest: readonly string[], flag: string): boolean =>
  rest
    .slice(0, rest.includes("--") ? rest.indexOf("--") : undefined)
    .some((word) => word === flag || word.startsWith(`${flag}=`));

function shapeOf({ name, rest, table }: CheckedCommand, settings: JobSettings): JobShape {
  const { array: parts, parallel, nodes, ranksPerNode: perNode } = settings;
  if (parts !== undefined) {
    if (!("part" in table))
      throw cannot(setting("array"), name, "does not work in parts", "features, sweep or predict");
    if (gives(rest, "--part")) throw cannot(setting("array"), name, `names its ${setting("part")}, too`, "one of them");
    const afterwards = name === "sweep" ? { afterwards: ["sweep", "--table-only", ...rest] } : {};
    return { kind: "array", parts, ...(parallel === undefined ? {} : { parallel }), ...afterwards };
  }
  if (nodes === undefined) return { kind: "single" };
  if (!("ranks" in table)) throw cannot(setting("nodes"), name, "runs in one process", "a training");
  return { kind: "ranks", nodes, perNode };
}

const cannot = (where: string, name: string, what: string, expected: string) =>
  userError({ where, what: `${name} ${what}`, expected });

/** What a cluster needs the command to be told besides: its part, and to go on where it was stopped. */
function added({ name, rest, table }: CheckedCommand, shape: JobShape): readonly JobWord[] {
  if ("resume" in table && gives(rest, "--overwrite")) {
    throw cannot(name, setting("overwrite"), "would throw away what was done whenever the job is begun again", "none");
  }
  const part: readonly JobWord[] = shape.kind === "array" ? ["--part", partOfTask] : [];
  const ranks = shape.kind === "ranks" && !gives(rest, "--ranks") ? ["--ranks", "mpi"] : [];
  const resume = "resume" in table && !gives(rest, "--resume") ? ["--resume"] : [];
  return [...part, ...ranks, ...resume];
}
