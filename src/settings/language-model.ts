import { z } from "zod";
import { setting } from "../errors.js";
import { maskings, newModelTypes } from "./choices.js";
import { group, type Settings } from "./setting.js";
import { dataSettings, leafSettings, runtimeSettings, trainingSettings } from "./shared.js";
import { choice, count, files, optionalFiles, rate, share, steps, text, whole } from "./values.js";

const plainText = "files of plain text";

/** Which tokens of a text are hidden, where a language model or its head learns them. */
export const maskingSettings = group("Masking", {
  masking: choice(maskings, "token", "what is hidden: single tokens (token) or all tokens of a word (whole-word)"),
  maskRate: {
    type: "number",
    argument: "x",
    schema: rate.default(0.15),
    expects: "a number above 0 and at most 1",
    help: "share of tokens that are predicted",
  },
});

/** What a new model looks like; not read where training goes on from a given one. */
const newModelSettings = group("New model", {
  modelType: {
    ...choice(newModelTypes, "roberta", "kind of a new model: roberta learns hidden words, gpt2 the next one"),
    basic: true,
  },
  layers: { ...count(1, 4, "layers of a new model", 1_000_000), basic: true },
  hiddenSize: { ...count(1, 256, "width of a new model", 1_000_000), basic: true },
  heads: {
    ...count(1, 4, "attention heads of a new model", 1_000_000),
    basic: true,
    check: ({ backbone, heads, hiddenSize }) =>
      backbone === undefined && Number(hiddenSize) % Number(heads) !== 0
        ? { what: `${heads} heads do not divide the hidden size ${hiddenSize}`, expected: "a divisor of the size" }
        : undefined,
  },
  vocabSize: {
    type: "number",
    argument: "n",
    schema: whole(261, 1 << 20).default(8192),
    expects: "a whole number from 261",
    help: "tokens of a new model's byte-level BPE vocabulary, which is learnt from the training text",
  },
});

/** `pretrain lm`. */
export const languageModelSettings = {
  backbone: {
    ...dataSettings.backbone,
    schema: text.optional(),
    help: "a model whose training goes on: a folder or a Hugging Face id",
    otherwise: "a new model",
  },
  train: { ...dataSettings.train, ...files(plainText, "plain text, gzipped or not: a sentence or paragraph a line") },
  dev: {
    ...dataSettings.dev,
    ...optionalFiles(plainText, "text that decides which parameters are the best"),
    otherwise: "taken out of the training text",
  },
  test: {
    ...dataSettings.dev,
    ...optionalFiles(plainText, "text that is scored once, at the end"),
    otherwise: "none",
  },
  devTexts: {
    ...dataSettings.train,
    ...count(1, 256, `texts of ${setting("maxLength")} tokens for evaluation`, 1_000_000),
    basic: false,
  },
  out: {
    ...dataSettings.out,
    expects: "the folder for the model",
    help: "folder for the model, its checkpoints and metrics",
  },
  dtype: {
    ...dataSettings.train,
    ...choice(["float16", "float32"], "float16", "precision of the written weights"),
    basic: false,
  },
  licence: {
    ...dataSettings.format,
    schema: text.optional(),
    expects: "an SPDX name such as CC-BY-SA-4.0",
    help: "licence of the model, for its card: the text's licence decides",
    otherwise: "unknown",
  },
  maxLength: {
    ...dataSettings.maxLength,
    help: "tokens of a text, special ones included; lines are packed until it is full",
  },
  ...newModelSettings,
  masking: maskingSettings.masking,
  maskRate: {
    ...maskingSettings.maskRate,
    help: "share of tokens that are learnt; in held-out text it is always 0.15",
  },
  epochs: { ...trainingSettings.epochs, help: "passes over the training text" },
  maxSteps: trainingSettings.maxSteps,
  batchSize: { ...trainingSettings.batchSize, help: "texts in one step" },
  ...leafSettings,
  learningRate: { ...trainingSettings.learningRate, schema: rate.default(1e-3) },
  warmup: trainingSettings.warmup,
  decay: {
    ...trainingSettings.warmup,
    argument: "n|20%",
    schema: steps.optional(),
    expects: "a number of steps, or a share of all steps such as 20%",
    help: "last steps, in which the learning rate falls to 0; before them it is constant",
    otherwise: "all behind the warm-up",
  },
  weightDecay: {
    ...trainingSettings.weightDecay,
    schema: z.number().min(0).max(1).default(0.01),
  },
  maxGradNorm: trainingSettings.maxGradNorm,
  dropout: {
    ...trainingSettings.dropout,
    schema: share.default(0),
    help: "dropout of a new model; a text that is read once or twice is not learnt by heart",
  },
  seed: trainingSettings.seed,
  evalEvery: trainingSettings.evalEvery,
  saveEvery: trainingSettings.saveEvery,
  patience: trainingSettings.patience,
  ...runtimeSettings,
};

export type LanguageModelSettings = Settings<typeof languageModelSettings>;
