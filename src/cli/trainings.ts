/**
 * The commands that train, by name, with their tables of options: what recipes and sweeps are checked against.
 * @module
 */
import { choiceSpecs, openQaSpecs, relationsSpecs, typingSpecs } from "./finetune-options.js";
import { linguisticSpecs, resolveLinguisticOptions } from "./linguistic-options.js";
import { lmSpecs, resolveLmOptions } from "./lm-options.js";
import { multitaskSpecs } from "./multitask-options.js";
import { factualSpecs, resolveFactualOptions } from "./options.js";
import { type GivenOptions, type Options, resolveOptions, type Specs } from "./spec.js";

/** A command that trains. */
export interface TrainingCommand {
  readonly specs: Specs;
  /** Checks given options, earlier ones win, and fills in the defaults. */
  resolve(...given: readonly GivenOptions[]): Options<Specs>;
}

/** Earlier options over later ones. */
function merged(given: readonly GivenOptions[]): GivenOptions {
  return new Map(given.toReversed().flatMap((source) => [...source]));
}

const plain = (specs: Specs): TrainingCommand => ({ specs, resolve: (...given) => resolveOptions(specs, ...given) });

/** Commands by their words on the command line. */
export const trainingCommands: ReadonlyMap<string, TrainingCommand> = new Map([
  ["pretrain factual", { specs: factualSpecs, resolve: (...given) => resolveFactualOptions(merged(given)) }],
  ["pretrain linguistic", { specs: linguisticSpecs, resolve: (...given) => resolveLinguisticOptions(merged(given)) }],
  ["pretrain lm", { specs: lmSpecs, resolve: (...given) => resolveLmOptions(merged(given)) }],
  ["pretrain multitask", plain(multitaskSpecs)],
  ["finetune relations", plain(relationsSpecs)],
  ["finetune entity-typing", plain(typingSpecs)],
  ["finetune multiple-choice", plain(choiceSpecs)],
  ["finetune open-qa", plain(openQaSpecs)],
]);
