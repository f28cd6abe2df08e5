import { Command } from "commander";
import { z } from "zod";
import { relationFormats } from "../../data/relation-data.js";
import { treeFormats } from "../../data/tree-data.js";
import { dataSpecs, runtimeSpecs, text, trainingSpecs } from "../options.js";
import type { CommandContext, ContextFactory } from "../run.js";
import { addOptions, givenFlags, type Options, option, resolveOptions, type Specs } from "../spec.js";

/** What a command does once its options are checked. */
export type Handler<O> = (options: O, context: CommandContext) => Promise<void>;

/** Adds `--json`, which every command has. */
export function withJson(command: Command): Command {
  return command.option("--json", "print the result as one JSON object, the last line on stdout");
}

/** A command whose options are one table, given as flags only. */
export function simpleCommand<T extends Specs>(
  name: string,
  description: string,
  specs: T,
  context: ContextFactory,
  handler: Handler<Options<T>>,
): Command {
  const command = withJson(addOptions(new Command(name).description(description), specs));
  return command.action(async () => {
    const { json }: { json?: true } = command.opts();
    await handler(resolveOptions(specs, givenFlags(command, specs)), context(json === true));
  });
}

/** An adapter, and data to run it on. */
export const applySpecs = {
  adapter: option({
    flags: "--adapter <dir>",
    kind: "text",
    schema: text,
    expects: "an adapter's folder",
    help: "folder of the adapter",
  }),
  backbone: option({
    flags: "--backbone <dir|id>",
    kind: "text",
    schema: text.optional(),
    expects: "a model folder or a Hugging Face id",
    help: "the language model (default: the one named in the adapter)",
  }),
  format: option({
    ...dataSpecs.format,
    schema: z.enum([...relationFormats, ...treeFormats]).optional(),
    expects: `one of ${[...relationFormats, ...treeFormats].join(", ")}`,
    help: `data format: ${relationFormats.join(", ")} for relations, ${treeFormats.join(", ")} for trees; recognised by content if not given`,
  }),
  tree: option({
    flags: "--tree",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "heads: the maximum spanning tree with one root, instead of each word's best head",
  }),
  batchSize: trainingSpecs.batchSize,
  ...runtimeSpecs,
};

/** `--overwrite` of commands that write a folder or file. */
export const overwriteSpec = option({
  flags: "--overwrite",
  kind: "switch",
  schema: z.boolean().default(false),
  expects: "true or false",
  help: "replace what is there",
});
