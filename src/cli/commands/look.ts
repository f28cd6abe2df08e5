import { Argument, type Command } from "commander";
import { dataSpecs, text } from "../options.js";
import type { ContextFactory } from "../run.js";
import { type Options, option } from "../spec.js";
import { type Handler, simpleCommand } from "./common.js";

const inspectSpecs = { format: dataSpecs.format };

export type InspectOptions = Options<typeof inspectSpecs> & {
  /** A model's or adapter's folder, a weight file or a data file. */
  readonly path: string;
};

/** `inspect PATH`: what is in a model, an adapter or a data file. */
export function inspectCommand(context: ContextFactory, handler: Handler<InspectOptions>): Command {
  const command: Command = simpleCommand(
    "inspect",
    "say what is in a model, an adapter or a data file",
    inspectSpecs,
    context,
    async (options, given) => handler({ ...options, path: String(command.args[0]) }, given),
  );
  return command.addArgument(new Argument("<path>", "a folder of a model or adapter, a weight file or a data file"));
}

const verifySpecs = {
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
};

export type VerifyOptions = Options<typeof verifySpecs>;

/** `verify`: an adapter's hashes, and that its backbone is unchanged. */
export function verifyCommand(context: ContextFactory, handler: Handler<VerifyOptions>): Command {
  const about = "check an adapter's hashes, and that its backbone is unchanged";
  return simpleCommand("verify", about, verifySpecs, context, handler);
}

/** `doctor`: devices, threads, versions. */
export function doctorCommand(context: ContextFactory, handler: Handler<object>): Command {
  return simpleCommand("doctor", "say what this machine offers: devices, threads, versions", {}, context, handler);
}
