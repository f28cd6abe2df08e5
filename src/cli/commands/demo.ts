import type { Command } from "commander";
import { dataSpecs, text, trainingSpecs } from "../options.js";
import type { ContextFactory } from "../run.js";
import { type Options, option } from "../spec.js";
import { type Handler, overwriteSpec, simpleCommand } from "./common.js";

const demoSpecs = {
  out: option({
    flags: "--out <dir>",
    kind: "text",
    schema: text.default("runs/demo"),
    expects: "a folder",
    help: "folder for data, adapter, heads and report (default runs/demo)",
  }),
  backbone: option({
    ...dataSpecs.backbone,
    schema: text.optional(),
    help: "the language model: a folder or a Hugging Face id (default: the package's own)",
  }),
  epochs: trainingSpecs.epochs,
  seed: trainingSpecs.seed,
  overwrite: overwriteSpec,
};

export type DemoOptions = Options<typeof demoSpecs>;

/** `demo`: a whole small training that needs nothing outside the package. */
export function demoCommand(context: ContextFactory, handler: Handler<DemoOptions>): Command {
  return simpleCommand("demo", "train a small adapter on built-in facts", demoSpecs, context, handler);
}
