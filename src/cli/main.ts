import process from "node:process";
import { createProgram } from "./program.js";
import { type ProcessLike, runCli } from "./run.js";

/** Runs `kadapter`; the process's exit code is set and things are left to end by themselves. */
export async function main(argv: readonly string[] = process.argv, own: ProcessLike = process): Promise<void> {
  await runCli((context) => createProgram(context, argv.slice(2)), argv, own);
}
