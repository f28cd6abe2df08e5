import process from "node:process";
import { handleEval } from "./handlers/eval.js";
import { handlePretrainFactual } from "./handlers/pretrain-factual.js";
import { createProgram } from "./program.js";
import { runCli } from "./run.js";

/** Runs `kadapter`; the process's exit code is set and things are left to end by themselves. */
export async function main(argv: readonly string[] = process.argv): Promise<void> {
  const handlers = { pretrainFactual: handlePretrainFactual, eval: handleEval };
  await runCli((context) => createProgram(context, handlers), argv, process);
}
