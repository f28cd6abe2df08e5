import { Argument, type Command } from "commander";
import {
  type FillOptions,
  type FilterOptions,
  fillSpecs,
  filterSpecs,
  type ProbeLamaOptions,
  probeLamaSpecs,
  type TrainHeadOptions,
  trainHeadSpecs,
} from "../probe-options.js";
import type { ContextFactory } from "../run.js";
import { type Handler, simpleCommand } from "./common.js";

/** `probe train-head`. */
export function trainHeadCommand(context: ContextFactory, handler: Handler<TrainHeadOptions>): Command {
  const what = "train a masked-language-model head beside a frozen model and frozen adapters";
  return simpleCommand("train-head", what, trainHeadSpecs, context, handler);
}

/** `probe lama`. */
export function probeLamaCommand(context: ContextFactory, handler: Handler<ProbeLamaOptions>): Command {
  return simpleCommand("lama", "ask LAMA's facts: P@1, P@10, P@100 and MRR", probeLamaSpecs, context, handler);
}

/** `probe filter`. */
export function filterCommand(context: ContextFactory, handler: Handler<FilterOptions>): Command {
  const what = "copy training data without the subjects that `probe lama --subjects fifth` asks about";
  return simpleCommand("filter", what, filterSpecs, context, handler);
}

/** `fill TEXT`. */
export function fillCommand(context: ContextFactory, handler: Handler<FillOptions>): Command {
  const command: Command = simpleCommand(
    "fill",
    "fill the mask of a text, with each set of adapters side by side",
    fillSpecs,
    context,
    async (options, given) => handler({ ...options, text: String(command.args[0]) }, given),
  );
  return command.addArgument(new Argument("<text>", "a text with one [MASK], or the model's own mask such as <mask>"));
}
