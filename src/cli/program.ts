import { readFileSync } from "node:fs";
import { Command } from "commander";
import type { Handler } from "./commands/common.js";
import { type DemoOptions, demoCommand } from "./commands/demo.js";
import { type EvalOptions, evalCommand } from "./commands/eval.js";
import { continualCommand, transferCommand } from "./commands/experiment.js";
import { type FinetuneHandlers, finetuneCommand } from "./commands/finetune.js";
import { type ImportOptions, importCommand } from "./commands/import.js";
import {
  doctorCommand,
  type InspectOptions,
  inspectCommand,
  type VerifyOptions,
  verifyCommand,
} from "./commands/look.js";
import { type PredictOptions, predictCommand } from "./commands/predict.js";
import {
  type FactualRequest,
  factualCommand,
  type LinguisticRequest,
  linguisticCommand,
  lmCommand,
  multitaskCommand,
  type RunRequest,
} from "./commands/pretrain.js";
import { fillCommand, filterCommand, probeLamaCommand, trainHeadCommand } from "./commands/probe.js";
import { type SweepOptions, sweepCommand } from "./commands/sweep.js";
import type { ContinualOptions, TransferOptions } from "./experiment-options.js";
import type { LmOptions } from "./lm-options.js";
import type { MultitaskOptions } from "./multitask-options.js";
import type { FillOptions, FilterOptions, ProbeLamaOptions, TrainHeadOptions } from "./probe-options.js";
import type { ContextFactory } from "./run.js";

/** What each command does; a command without a handler is not offered. */
export interface Handlers {
  readonly pretrainFactual: Handler<FactualRequest>;
  readonly pretrainLinguistic: Handler<LinguisticRequest>;
  readonly pretrainLm: Handler<RunRequest<LmOptions>>;
  readonly pretrainMultitask: Handler<RunRequest<MultitaskOptions>>;
  readonly finetune: FinetuneHandlers;
  readonly sweep: Handler<SweepOptions>;
  readonly eval: Handler<EvalOptions>;
  readonly predict: Handler<PredictOptions>;
  readonly trainHead: Handler<TrainHeadOptions>;
  readonly probeLama: Handler<ProbeLamaOptions>;
  readonly filter: Handler<FilterOptions>;
  readonly fill: Handler<FillOptions>;
  readonly transfer: Handler<TransferOptions>;
  readonly continual: Handler<ContinualOptions>;
  readonly import: Handler<ImportOptions>;
  readonly inspect: Handler<InspectOptions>;
  readonly verify: Handler<VerifyOptions>;
  readonly doctor: Handler<object>;
  readonly demo: Handler<DemoOptions>;
}

/** The command line over the given handlers. */
export function createProgram(context: ContextFactory, handlers: Partial<Handlers>): Command {
  const program = new Command("kadapter")
    .description("Knowledge adapters (K-Adapter) for pre-trained language models")
    .version(packageVersion(), "--version")
    .helpOption("-h, --help")
    .showSuggestionAfterError();
  const add = (command: Command) => program.addCommand(command);
  const pretrain = new Command("pretrain").description("train an adapter on one kind of knowledge");
  if (handlers.pretrainFactual) pretrain.addCommand(factualCommand(context, handlers.pretrainFactual));
  if (handlers.pretrainLinguistic) pretrain.addCommand(linguisticCommand(context, handlers.pretrainLinguistic));
  if (handlers.pretrainLm) pretrain.addCommand(lmCommand(context, handlers.pretrainLm));
  if (handlers.pretrainMultitask) pretrain.addCommand(multitaskCommand(context, handlers.pretrainMultitask));
  if (pretrain.commands.length > 0) add(pretrain);
  if (handlers.finetune) add(finetuneCommand(context, handlers.finetune));
  if (handlers.sweep) add(sweepCommand(context, handlers.sweep));
  if (handlers.eval) add(evalCommand(context, handlers.eval));
  if (handlers.predict) add(predictCommand(context, handlers.predict));
  const probe = new Command("probe").description("measure what a model knows, with and without adapters");
  if (handlers.trainHead) probe.addCommand(trainHeadCommand(context, handlers.trainHead));
  if (handlers.probeLama) probe.addCommand(probeLamaCommand(context, handlers.probeLama));
  if (handlers.filter) probe.addCommand(filterCommand(context, handlers.filter));
  if (probe.commands.length > 0) add(probe);
  if (handlers.fill) add(fillCommand(context, handlers.fill));
  const experiment = new Command("experiment").description("run whole experiments, resumable, to one table");
  if (handlers.transfer) experiment.addCommand(transferCommand(context, handlers.transfer));
  if (handlers.continual) experiment.addCommand(continualCommand(context, handlers.continual));
  if (experiment.commands.length > 0) add(experiment);
  if (handlers.import) add(importCommand(context, handlers.import));
  if (handlers.inspect) add(inspectCommand(context, handlers.inspect));
  if (handlers.verify) add(verifyCommand(context, handlers.verify));
  if (handlers.doctor) add(doctorCommand(context, handlers.doctor));
  if (handlers.demo) add(demoCommand(context, handlers.demo));
  return program;
}

/** From package.json, which stands two folders above both src/cli and dist/cli. */
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest) return String(manifest.version);
  throw new Error("package.json has no version");
}
