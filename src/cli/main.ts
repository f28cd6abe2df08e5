import process from "node:process";
import { handleDemo } from "./handlers/demo.js";
import { handleDoctor } from "./handlers/doctor.js";
import { handleEval } from "./handlers/eval.js";
import { handleContinual } from "./handlers/experiment-continual.js";
import { handleTransfer } from "./handlers/experiment-transfer.js";
import { handleFill } from "./handlers/fill.js";
import { finetuneHandlers } from "./handlers/finetune.js";
import { handleImport } from "./handlers/import.js";
import { handleInspect } from "./handlers/inspect.js";
import { handlePredict } from "./handlers/predict.js";
import { handlePretrainFactual } from "./handlers/pretrain-factual.js";
import { handlePretrainLinguistic } from "./handlers/pretrain-linguistic.js";
import { handlePretrainLm } from "./handlers/pretrain-lm.js";
import { handlePretrainMultitask } from "./handlers/pretrain-multitask.js";
import { handleFilter, handleProbeLama } from "./handlers/probe-lama.js";
import { handleTrainHead } from "./handlers/probe-train-head.js";
import { handleSweep } from "./handlers/sweep.js";
import { handleVerify } from "./handlers/verify.js";
import { createProgram } from "./program.js";
import { type ProcessLike, runCli } from "./run.js";

const handlers = {
  pretrainFactual: handlePretrainFactual,
  pretrainLinguistic: handlePretrainLinguistic,
  pretrainLm: handlePretrainLm,
  pretrainMultitask: handlePretrainMultitask,
  finetune: finetuneHandlers,
  sweep: handleSweep,
  eval: handleEval,
  predict: handlePredict,
  trainHead: handleTrainHead,
  probeLama: handleProbeLama,
  filter: handleFilter,
  fill: handleFill,
  transfer: handleTransfer,
  continual: handleContinual,
  import: handleImport,
  inspect: handleInspect,
  verify: handleVerify,
  doctor: handleDoctor,
  demo: handleDemo,
};

/** Runs `kadapter`; the process's exit code is set and things are left to end by themselves. */
export async function main(argv: readonly string[] = process.argv, own: ProcessLike = process): Promise<void> {
  await runCli((context) => createProgram(context, handlers), argv, own);
}
