import type { Command } from "commander";
import { linguisticOwnSpecs } from "../linguistic-options.js";
import { fileList, text } from "../options.js";
import type { ContextFactory } from "../run.js";
import { type Options, option } from "../spec.js";
import { applySpecs, type Handler, overwriteSpec, simpleCommand } from "./common.js";

const evalSpecs = {
  ...applySpecs,
  data: option({
    flags: "--data <file...>",
    kind: "text",
    schema: fileList,
    expects: "files of labelled examples",
    help: "labelled examples",
  }),
  brokenTrees: linguisticOwnSpecs.brokenTrees,
  predictions: option({
    flags: "--predictions <file>",
    kind: "text",
    schema: text.optional(),
    expects: "a file to write",
    help: "write each example's prediction here as JSON lines",
  }),
  overwrite: overwriteSpec,
};

export type EvalOptions = Options<typeof evalSpecs>;

/** `eval`: measures an adapter on labelled examples. */
export function evalCommand(context: ContextFactory, handler: Handler<EvalOptions>): Command {
  return simpleCommand("eval", "measure an adapter on labelled examples", evalSpecs, context, handler);
}
