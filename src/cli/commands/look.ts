import { Argument, type Command } from "commander";
import { userError } from "../../errors.js";
import { text } from "../options.js";
import type { ContextFactory } from "../run.js";
import { type Options, option } from "../spec.js";
import { applySpecs, type Handler, simpleCommand } from "./common.js";

const inspectSpecs = { format: applySpecs.format };

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
    schema: text.optional(),
    expects: "an adapter's folder",
    help: "folder of the adapter, as the argument",
  }),
  backbone: applySpecs.backbone,
};

export type VerifyOptions = Options<typeof verifySpecs> & { readonly adapter: string };

/** `verify DIR`, or `verify --adapter DIR` as for `eval`: an adapter's hashes, and that its backbone is unchanged. */
export function verifyCommand(context: ContextFactory, handler: Handler<VerifyOptions>): Command {
  const command: Command = simpleCommand(
    "verify",
    "check an adapter's hashes, and that its backbone is unchanged",
    verifySpecs,
    context,
    async (options, given) => {
      const named = [options.adapter, command.args[0]].filter((folder) => folder !== undefined);
      const [adapter] = named;
      if (adapter === undefined || named.length > 1) {
        throw userError({ what: `${named.length} adapters are given`, expected: "one, as argument or as --adapter" });
      }
      await handler({ ...options, adapter }, given);
    },
  );
  return command.addArgument(new Argument("[dir]", "folder of the adapter"));
}

/** `doctor`: devices, threads, versions. */
export function doctorCommand(context: ContextFactory, handler: Handler<object>): Command {
  return simpleCommand("doctor", "say what this machine offers: devices, threads, versions", {}, context, handler);
}
