import { Argument, type Command } from "commander";
import { z } from "zod";
import type { ContextFactory } from "../run.js";
import { type Options, option } from "../spec.js";
import { type Handler, overwriteSpec, simpleCommand } from "./common.js";

const sweepSpecs = {
  dryRun: option({
    flags: "--dry-run",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "check the file and name the runs, and stop there",
  }),
  overwrite: option({ ...overwriteSpec, help: "train anew what was trained with other options" }),
};

export type SweepOptions = Options<typeof sweepSpecs> & { readonly file: string };

/** `sweep FILE`: many trainings, one table. */
export function sweepCommand(context: ContextFactory, handler: Handler<SweepOptions>): Command {
  const command: Command = simpleCommand(
    "sweep",
    "run a training over a grid and seeds, and write one table of the results",
    sweepSpecs,
    context,
    async (options, given) => handler({ ...options, file: String(command.args[0]) }, given),
  );
  return command.addArgument(new Argument("<file>", "YAML: run, out, options, rows, grid, seeds, eval, metrics"));
}
