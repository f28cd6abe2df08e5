import process from "node:process";
import { createProgram } from "./program.js";
import { childVariable, type ProcessLike, runCli } from "./run.js";

/** Runs `kadapter`; the process's exit code is set and things are left to end by themselves. */
export async function main(argv: readonly string[] = process.argv, own: ProcessLike = process): Promise<void> {
  if (own === process) endWithParent();
  await runCli(createProgram, argv, own);
}

/** A run of a sweep does not outlive the sweep, whatever ended that: it would go on, and keep its folder. */
function endWithParent(): void {
  if (process.env[childVariable] === undefined || !process.channel) return;
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  // The channel alone does not keep the process from ending.
  process.channel.unref();
}
