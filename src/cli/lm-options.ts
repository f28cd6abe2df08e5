/**
 * The options of `pretrain lm`.
 * @module
 */
import { z } from "zod";
import { newModelTypes } from "../lm/new-language-model.js";
import { maskingSpecs } from "./masking-options.js";
import { dataSpecs, fileList, runtimeSpecs, text, trainingSpecs, warmup, whole } from "./options.js";
import { type GivenOptions, type Options, option, resolveOptions } from "./spec.js";

const files = (flags: string, help: string) =>
  option({ flags, kind: "text", schema: fileList, expects: "files of plain text", help });
const count = (flags: string, fallback: number, what: string) =>
  option({
    flags,
    kind: "number",
    schema: whole(1, 1_000_000).default(fallback),
    expects: "a whole number from 1",
    help: `${what} (default ${fallback})`,
  });

/** What a new model looks like; not read where training goes on from a given one. */
export const newModelSpecs = {
  modelType: option({
    flags: "--model-type <name>",
    kind: "text",
    schema: z.enum(newModelTypes).default("roberta"),
    expects: newModelTypes.join(" or "),
    help: "a new model's kind: roberta learns hidden words, gpt2 the next one (default roberta)",
  }),
  layers: count("--layers <n>", 4, "layers of a new model"),
  hiddenSize: count("--hidden-size <n>", 256, "width of a new model"),
  heads: count("--heads <n>", 4, "attention heads of a new model"),
  vocabSize: option({
    flags: "--vocab-size <n>",
    kind: "number",
    schema: whole(261, 1 << 20).default(8192),
    expects: "a whole number from 261",
    help: "tokens of a new model's byte-level BPE vocabulary, which is learnt from the training text (default 8192)",
  }),
};

export const lmSpecs = {
  backbone: option({
    ...dataSpecs.backbone,
    schema: text.optional(),
    help: "go on from this model: a folder or a Hugging Face id (default: a new model)",
  }),
  ...newModelSpecs,
  train: files("--train <file...>", "plain text, gzipped or not: a sentence or paragraph a line"),
  dev: option({
    ...files("--dev <file...>", ""),
    schema: fileList.optional(),
    help: "text that decides which parameters are the best (default: taken out of the training text)",
  }),
  test: option({
    ...files("--test <file...>", ""),
    schema: fileList.optional(),
    help: "text that is scored once, at the end",
  }),
  devTexts: count("--dev-texts <n>", 256, "texts of --max-length tokens for evaluation"),
  out: option({
    ...dataSpecs.out,
    expects: "the folder for the model",
    help: "folder for the model, its checkpoints and metrics",
  }),
  dtype: option({
    flags: "--dtype <name>",
    kind: "text",
    schema: z.enum(["float16", "float32"]).default("float16"),
    expects: "float16 or float32",
    help: "precision of the written weights (default float16)",
  }),
  licence: option({
    flags: "--licence <name>",
    kind: "text",
    schema: text.optional(),
    expects: "an SPDX name such as CC-BY-SA-4.0",
    help: "licence of the model, for its card: that of the text decides",
  }),
  maxLength: option({
    ...dataSpecs.maxLength,
    help: "tokens of a text, special ones included; lines are packed until it is full (default 128)",
  }),
  masking: maskingSpecs.masking,
  maskRate: option({
    ...maskingSpecs.maskRate,
    help: "share of tokens that are learnt; in held-out text it is always 0.15 (default 0.15)",
  }),
  epochs: option({ ...trainingSpecs.epochs, help: "passes over the training text (default 5)" }),
  maxSteps: trainingSpecs.maxSteps,
  batchSize: option({ ...trainingSpecs.batchSize, help: "texts in one step (default 32)" }),
  learningRate: option({
    ...trainingSpecs.learningRate,
    schema: z.number().positive().max(1).default(1e-3),
    help: "highest learning rate (default 1e-3)",
  }),
  warmup: trainingSpecs.warmup,
  decay: option({
    flags: "--decay <n|20%>",
    kind: "number",
    schema: warmup.optional(),
    expects: "a number of steps, or a share of all steps such as 20%",
    help: "last steps in which the learning rate falls to 0; before them it is constant (default: all behind the warm-up)",
  }),
  weightDecay: option({
    ...trainingSpecs.weightDecay,
    schema: z.number().min(0).max(1).default(0.01),
    help: "weight decay of all but biases and LayerNorm (default 0.01)",
  }),
  maxGradNorm: trainingSpecs.maxGradNorm,
  dropout: option({
    ...trainingSpecs.dropout,
    schema: z.number().min(0).lt(1).default(0),
    help: "dropout of a new model (default 0: what is read once or twice is not learnt by heart)",
  }),
  seed: trainingSpecs.seed,
  evalEvery: trainingSpecs.evalEvery,
  saveEvery: trainingSpecs.saveEvery,
  patience: trainingSpecs.patience,
  ...runtimeSpecs,
};

export type LmOptions = Options<typeof lmSpecs>;

/** The options of `pretrain lm`: flags over the recipe over the defaults. */
export function resolveLmOptions(flags: GivenOptions, recipe: GivenOptions = new Map()): LmOptions {
  return resolveOptions(lmSpecs, flags, recipe);
}
