import { Command } from "commander";
import { userError } from "../../errors.js";
import { type LinguisticOptions, linguisticSpecs, resolveLinguisticOptions } from "../linguistic-options.js";
import { type LmOptions, lmSpecs, resolveLmOptions } from "../lm-options.js";
import { type MultitaskOptions, multitaskSpecs } from "../multitask-options.js";
import { type FactualOptions, factualSpecs, type PretrainOptions, resolveFactualOptions } from "../options.js";
import { readRecipe } from "../recipe.js";
import type { ContextFactory } from "../run.js";
import { addOptions, type GivenOptions, givenFlags, resolveOptions, type Specs } from "../spec.js";
import { type Handler, withJson } from "./common.js";

/** One call of `pretrain`: what to train, and how this run begins. */
export type PretrainRequest<O extends PretrainOptions = PretrainOptions> = RunRequest<O>;

/** A training's options, and how this run begins. */
export interface RunRequest<O> {
  readonly options: O;
  /** Go on from the last checkpoint in the output folder, or begin where there is none. */
  readonly resume: boolean;
  /** Replace what the output folder holds. */
  readonly overwrite: boolean;
}

export type FactualRequest = PretrainRequest<FactualOptions>;
export type LinguisticRequest = PretrainRequest<LinguisticOptions>;

/** `pretrain factual`. */
export function factualCommand(context: ContextFactory, handler: Handler<FactualRequest>): Command {
  const command = new Command("factual").description("train a factual adapter by relation classification");
  return trainingCommand(command, factualSpecs, resolveFactualOptions, context, handler);
}

/** `pretrain linguistic`. */
export function linguisticCommand(context: ContextFactory, handler: Handler<LinguisticRequest>): Command {
  const command = new Command("linguistic").description("train a linguistic adapter by predicting each word's head");
  return trainingCommand(command, linguisticSpecs, resolveLinguisticOptions, context, handler);
}

/** `pretrain lm`. */
export function lmCommand(context: ContextFactory, handler: Handler<RunRequest<LmOptions>>): Command {
  const command = new Command("lm").description("train a whole language model on plain text");
  return trainingCommand(command, lmSpecs, resolveLmOptions, context, handler);
}

/** `pretrain multitask`. */
export function multitaskCommand(context: ContextFactory, handler: Handler<RunRequest<MultitaskOptions>>): Command {
  const what =
    "train the model itself on several kinds of knowledge at once: the baseline that adapters are measured by";
  const resolve = (flags: GivenOptions, recipe: GivenOptions = new Map()) =>
    resolveOptions(multitaskSpecs, flags, recipe);
  return trainingCommand(new Command("multitask").description(what), multitaskSpecs, resolve, context, handler);
}

/** Adds what every training command has: options or a recipe of them, and how the run begins. */
export function trainingCommand<O>(
  command: Command,
  specs: Specs,
  resolve: (flags: GivenOptions, recipe?: GivenOptions) => O,
  context: ContextFactory,
  handler: Handler<RunRequest<O>>,
): Command {
  command.option("--recipe <file>", "YAML file of these options, named without --; flags win over it");
  addOptions(command, specs)
    .option("--resume", "go on from the last checkpoint in the output folder")
    .option("--overwrite", "replace what the output folder holds");
  return withJson(command).action(async () => {
    const own: { recipe?: string; resume?: true; overwrite?: true; json?: true } = command.opts();
    if (own.resume && own.overwrite) {
      throw userError({ what: "--resume and --overwrite contradict each other", expected: "one of them" });
    }
    const recipe = own.recipe === undefined ? undefined : await readRecipe(own.recipe, specs);
    const options = resolve(givenFlags(command, specs), recipe);
    const request = { options, resume: own.resume === true, overwrite: own.overwrite === true };
    await handler(request, context(own.json === true));
  });
}
