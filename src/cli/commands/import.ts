import { Argument, type Command } from "commander";
import { z } from "zod";
import { adapterSpecs, dataSpecs, text } from "../options.js";
import type { ContextFactory } from "../run.js";
import { type Options, option } from "../spec.js";
import { type Handler, overwriteSpec, simpleCommand } from "./common.js";

// What an official file cannot tell, with the released scripts' values.
const importSpecs = {
  out: option({
    flags: "--out <dir>",
    kind: "text",
    schema: text,
    expects: "the folder for the adapter",
    help: "folder for the adapter",
  }),
  layers: option({
    ...adapterSpecs.layers,
    schema: adapterSpecs.layers.schema.default([0, 11, 22]),
    help: "backbone layers that the adapter reads (default 0,11,22)",
  }),
  adapterHeads: option({
    ...adapterSpecs.adapterHeads,
    schema: adapterSpecs.adapterHeads.schema.default(12),
    help: "attention heads (default 12)",
  }),
  skip: adapterSpecs.skip,
  maskPadding: option({
    ...adapterSpecs.maskPadding,
    flags: "--mask-padding",
    schema: z.boolean().default(false),
    help: "hide padding from the adapter; the released code does not",
  }),
  backbone: option({
    flags: "--backbone <dir|id>",
    kind: "text",
    schema: text.optional(),
    expects: "a model folder or a Hugging Face id",
    help: "the language model that it was trained with, to record and check",
  }),
  backboneWeights: option({
    flags: "--backbone-weights <file>",
    kind: "text",
    schema: text.optional(),
    expects: "the trained backbone's file, such as pytorch_pretrained_model.bin",
    help: "a fine-tuned model's trained backbone (default: pytorch_pretrained_model.bin beside it, if it is there)",
  }),
  maxLength: option({
    ...dataSpecs.maxLength,
    schema: dataSpecs.maxLength.schema.unwrap().optional(),
    help: "longest text in tokens (default: as the released scripts; factual 64, linguistic 128, relations 184, else 256)",
  }),
  labels: option({
    flags: "--labels <file>",
    kind: "text",
    schema: text.optional(),
    expects: "a JSON file: a list of relations, or a map from relation to index",
    help: "the head's relations or types (default: their indices)",
  }),
  overwrite: overwriteSpec,
};

export type ImportOptions = Options<typeof importSpecs> & {
  /** The official `pytorch_model.bin`. */
  readonly file: string;
};

/** `import FILE`: turns an adapter or a fine-tuned model of the released code into a folder. */
export function importCommand(context: ContextFactory, handler: Handler<ImportOptions>): Command {
  const command: Command = simpleCommand(
    "import",
    "turn an adapter or a fine-tuned model of the released code (pytorch_model.bin) into a folder",
    importSpecs,
    context,
    async (options, given) => handler({ ...options, file: String(command.args[0]) }, given),
  );
  return command.addArgument(new Argument("<file>", "the released code's pytorch_model.bin"));
}
