import { Command } from "commander";
import { userError } from "../../errors.js";
import { type FactualOptions, factualSpecs, resolveFactualOptions } from "../options.js";
import { readRecipe } from "../recipe.js";
import type { ContextFactory } from "../run.js";
import { addOptions, givenFlags } from "../spec.js";
import { type Handler, withJson } from "./common.js";

/** One call of `pretrain factual`: what to train, and how this run begins. */
export interface FactualRequest {
  readonly options: FactualOptions;
  /** Go on from the last checkpoint in the output folder, or begin where there is none. */
  readonly resume: boolean;
  /** Replace what the output folder holds. */
  readonly overwrite: boolean;
}

/** `pretrain factual`. */
export function factualCommand(context: ContextFactory, handler: Handler<FactualRequest>): Command {
  const command = new Command("factual")
    .description("train a factual adapter by relation classification")
    .option("--recipe <file>", "YAML file of these options, named without --; flags win over it");
  addOptions(command, factualSpecs)
    .option("--resume", "go on from the last checkpoint in the output folder")
    .option("--overwrite", "replace what the output folder holds");
  return withJson(command).action(async () => {
    const own: { recipe?: string; resume?: true; overwrite?: true; json?: true } = command.opts();
    if (own.resume && own.overwrite) {
      throw userError({ what: "--resume and --overwrite contradict each other", expected: "one of them" });
    }
    const recipe = own.recipe === undefined ? undefined : await readRecipe(own.recipe, factualSpecs);
    const options = resolveFactualOptions(givenFlags(command, factualSpecs), recipe);
    const request = { options, resume: own.resume === true, overwrite: own.overwrite === true };
    await handler(request, context(own.json === true));
  });
}
