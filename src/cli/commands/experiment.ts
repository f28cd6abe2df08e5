import { Command } from "commander";
import { type ContinualOptions, continualSpecs, type TransferOptions, transferSpecs } from "../experiment-options.js";
import { readRecipe } from "../recipe.js";
import type { ContextFactory } from "../run.js";
import { addOptions, givenFlags, type Options, resolveOptions, type Specs } from "../spec.js";
import { type Handler, withJson } from "./common.js";

/** `experiment transfer`. */
export function transferCommand(context: ContextFactory, handler: Handler<TransferOptions>): Command {
  const what = "does knowledge arrive: adapters against features without knowledge, on unseen relations and other data";
  return experimentCommand("transfer", what, transferSpecs, context, handler);
}

/** `experiment continual`. */
export function continualCommand(context: ContextFactory, handler: Handler<ContinualOptions>): Command {
  const what = "learn kinds of knowledge in turn and measure the earlier ones: adapters, one shared adapter, the model";
  return experimentCommand("continual", what, continualSpecs, context, handler);
}

/** A command whose options may stand in a recipe. */
function experimentCommand<T extends Specs>(
  name: string,
  description: string,
  specs: T,
  context: ContextFactory,
  handler: Handler<Options<T>>,
): Command {
  const command = new Command(name).description(description);
  command.option("--recipe <file>", "YAML file of these options, named without --; flags win over it");
  return withJson(addOptions(command, specs)).action(async () => {
    const own: { recipe?: string; json?: true } = command.opts();
    const recipe = own.recipe === undefined ? new Map() : await readRecipe(own.recipe, specs);
    await handler(resolveOptions(specs, givenFlags(command, specs), recipe), context(own.json === true));
  });
}
