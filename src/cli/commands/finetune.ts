import { Command } from "commander";
import {
  choiceSpecs,
  type FinetuneOptions,
  type OpenQaOptions,
  openQaSpecs,
  type RelationsOptions,
  relationsSpecs,
  type TypingOptions,
  typingSpecs,
} from "../finetune-options.js";
import type { ContextFactory } from "../run.js";
import { type Options, resolveOptions, type Specs } from "../spec.js";
import type { Handler } from "./common.js";
import { type RunRequest, trainingCommand } from "./pretrain.js";

/** What `finetune` does for each task. */
export interface FinetuneHandlers {
  readonly relations: Handler<RunRequest<RelationsOptions>>;
  readonly entityTyping: Handler<RunRequest<TypingOptions>>;
  readonly multipleChoice: Handler<RunRequest<FinetuneOptions>>;
  readonly openQa: Handler<RunRequest<OpenQaOptions>>;
}

/** `finetune`: a command for each downstream task. */
export function finetuneCommand(context: ContextFactory, handlers: FinetuneHandlers): Command {
  const task = <T extends Specs>(name: string, help: string, specs: T, handler: Handler<RunRequest<Options<T>>>) =>
    trainingCommand<Options<T>>(
      new Command(name).description(help),
      specs,
      (flags, recipe = new Map()) => resolveOptions(specs, flags, recipe),
      context,
      handler,
    );
  return new Command("finetune")
    .description("train a backbone with any adapters on a downstream task")
    .addCommand(task("relations", "which relation holds between two entities", relationsSpecs, handlers.relations))
    .addCommand(task("entity-typing", "which types a mention has", typingSpecs, handlers.entityTyping))
    .addCommand(task("multiple-choice", "which answer is right", choiceSpecs, handlers.multipleChoice))
    .addCommand(task("open-qa", "answers out of retrieved paragraphs", openQaSpecs, handlers.openQa));
}
