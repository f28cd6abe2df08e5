/**
 * Settings that several tables have in common, by heading.
 * @module
 */
import { z } from "zod";
import { featureKinds } from "../adapters/config.js";
import { usualLengths } from "../backbones/text-length.js";
import { relationFormats } from "../data/relation-data.js";
import { setting } from "../errors.js";
import { group } from "./setting.js";
import {
  choice,
  count,
  initial,
  layerList,
  optionalCount,
  part,
  rate,
  share,
  steps,
  text,
  toggle,
  whole,
} from "./values.js";

const backboneExpects = "a model folder or a Hugging Face id such as roberta-large";

const lengthSetting = (help: string, usual: number) => ({
  ...optionalCount(8, help, 65536),
  expects: "a whole number of tokens from 8",
  otherwise: `${usual}, or as many as the model can read if those are fewer`,
});

/** Which backbone and data. Names of files are taken from the working directory, in recipes too. */
export const dataSettings = group("Data", {
  backbone: {
    type: "text",
    argument: "dir|id",
    schema: text,
    expects: backboneExpects,
    help: `the frozen language model: ${backboneExpects}`,
    basic: true,
  },
  train: {
    type: "text",
    argument: "file",
    schema: text,
    expects: "a file of training examples",
    help: "training examples",
    basic: true,
  },
  dev: {
    type: "text",
    argument: "file",
    schema: text.optional(),
    expects: "a file of examples for evaluation",
    help: "examples that choose the best parameters",
    otherwise: "a tenth of the training examples is held out",
    basic: true,
  },
  out: {
    type: "text",
    argument: "dir",
    schema: text,
    expects: "the folder for the adapter",
    help: "folder for the adapter, its checkpoints and metrics",
    basic: true,
  },
  format: {
    type: "text",
    argument: "name",
    schema: z.enum(relationFormats).optional(),
    expects: `one of ${relationFormats.join(", ")}`,
    help: `format of the data: ${relationFormats.join(", ")}`,
    otherwise: "recognised by content",
  },
  maxLength: { ...lengthSetting("longest sentence in tokens", usualLengths.sentence), basic: true },
});

/** `maxLength` of downstream tasks. */
export const taskTextLength = {
  ...dataSettings.maxLength,
  ...lengthSetting("longest text in tokens", usualLengths.text),
};

/** The adapter's shape; what is not given follows from the backbone. */
export const adapterSettings = group("Adapter", {
  features: choice(
    featureKinds,
    "adapter",
    "what the head reads: adapter (its output, and beside it the last hidden state unless the objective leaves that out), output (the adapter's output alone), or a baseline without an adapter: last (the last hidden state), taps (the tapped ones)",
  ),
  preset: choice(
    ["official", "paper"],
    "official",
    "how an adapter layer joins the backbone's state and the layer before: official (sum) or paper (concatenation)",
  ),
  layers: {
    type: "text",
    argument: "list",
    schema: layerList.optional(),
    expects: "ascending numbers of backbone layers such as 0,3,6 (0: the embeddings)",
    help: "backbone layers that the adapter reads, such as 0,3,6",
    otherwise: "chosen by the backbone's depth",
  },
  layersOf: {
    ...optionalCount(
      1,
      `depth of the model that ${setting("layers")} counts in: beside a model of another depth they are scaled`,
      9999,
    ),
    otherwise: "the backbone's own depth",
  },
  adapterSize: {
    ...optionalCount(1, "hidden size of the adapter", 65536),
    otherwise: "chosen by the backbone's size",
  },
  adapterHeads: {
    ...optionalCount(1, "attention heads of the adapter", 4096),
    expects: "a whole number from 1 that divides the adapter size",
    otherwise: "size / 64",
    check: ({ adapterHeads, adapterSize }) =>
      typeof adapterHeads === "number" && typeof adapterSize === "number" && adapterSize % adapterHeads !== 0
        ? {
            what: `${adapterHeads} heads do not divide the adapter size ${adapterSize}`,
            expected: "a divisor of the size",
          }
        : undefined,
  },
  adapterFfn: {
    ...optionalCount(1, "width of the adapter's feed-forward layers", 1_048_576),
    otherwise: "4 × size",
  },
  transformerLayers: count(1, 2, "transformer layers in each adapter layer", 256),
  init: {
    type: "text",
    argument: "x",
    schema: z.union([z.literal("backbone"), initial]).optional(),
    expects: "a standard deviation above 0, official or backbone",
    help: "standard deviation of the adapter's initial weights, or official (as in the released code), or backbone (copies of the model's own layers)",
    otherwise: "backbone where the adapter is shaped like the model's layers, else 0.02",
  },
  headInit: {
    type: "text",
    argument: "x",
    schema: initial.default(0.05),
    expects: "a standard deviation above 0, or official",
    help: "standard deviation of the head's initial weights, or official; a head with small ones learns slowly at first",
  },
  skip: count(0, 0, "adapter_skip_layers of the released code", 256),
  maskPadding: toggle("let the adapter attend to padding, as the released code does", true),
  officialPadding: toggle(
    `pad every sentence to ${setting("maxLength")} and let the adapter attend to padding, as the released code does; this is slow and meant for comparison`,
  ),
  freezeAdapter: toggle(`train the head alone: a baseline whose adapter stays as it starts (${setting("init")})`),
});

/** How it is trained: common to every training. */
export const trainingSettings = group("Training", {
  epochs: { ...count(1, 5, "passes over the training examples", 1_000_000), basic: true },
  maxSteps: optionalCount(1, "the training stops after this many optimiser steps"),
  batchSize: { ...count(1, 32, "sentences in one forward pass", 65536), basic: true },
  batchTokens: optionalCount(
    1,
    "tokens in one forward pass instead of a number of sentences: as many of similar length as fit",
  ),
  gradientAccumulation: count(1, 1, "forward passes that are summed into one optimiser step", 65536),
  learningRate: {
    type: "number",
    argument: "x",
    schema: rate.default(3e-4),
    expects: "a number above 0 and at most 1",
    help: "highest learning rate",
    basic: true,
  },
  headLearningRate: {
    type: "number",
    argument: "x",
    schema: rate.default(1e-3),
    expects: "a number above 0 and at most 1",
    help: "highest learning rate of the head",
  },
  warmup: {
    type: "number",
    argument: "n|10%",
    schema: steps.default("10%"),
    expects: "a number of steps from 0, or a share of all steps such as 10%",
    help: "steps, or share of all steps, in which the learning rate rises",
  },
  weightDecay: {
    type: "number",
    argument: "x",
    schema: z.number().min(0).max(1).default(0),
    expects: "a number from 0 to 1",
    help: "AdamW's weight decay; biases and LayerNorm have none",
  },
  maxGradNorm: {
    type: "number",
    argument: "x",
    schema: z.number().min(0).max(1e9).default(1),
    expects: "a number from 0; 0 clips nothing",
    help: "the gradient's global norm is clipped to this; 0: it is not clipped",
  },
  dropout: {
    type: "number",
    argument: "x",
    schema: share.default(0.1),
    expects: "a number from 0, below 1",
    help: "dropout in adapter and head",
  },
  seed: {
    type: "number",
    argument: "n",
    schema: whole(0, 0xffff_ffff).default(42),
    expects: "a whole number from 0 to 4294967295",
    help: "decides initial weights, order and dropout",
    basic: true,
  },
  evalEvery: {
    ...count(0, 0, "steps between evaluations; 0: one at the end of each epoch"),
    expects: "a whole number of steps; 0: at the end of each epoch",
  },
  saveEvery: {
    ...count(0, 500, "steps between checkpoints; 0: only at the end of each epoch"),
    expects: "a whole number of steps; 0: at the end of each epoch only",
  },
  patience: {
    ...count(0, 0, "the training stops after this many evaluations without a better one; 0: it does not", 1_000_000),
    expects: "a whole number of evaluations; 0: never stop early",
  },
});

const isPowerOfTwo = (value: number) => 2 ** Math.round(Math.log2(value)) === value;

/** For trainings whose steps several processes can share. */
export const leafSettings = group("Ranks", {
  leaves: {
    type: "number",
    argument: "n",
    schema: whole(1, 4096).refine(isPowerOfTwo).optional(),
    expects: "a power of two from 1",
    help: "forward passes in one optimiser step that are computed apart and summed in one fixed order, on one process or several: the same bits on any number of them",
    otherwise: "1",
    check: ({ leaves, gradientAccumulation }) =>
      typeof leaves === "number" && leaves > 1 && typeof gradientAccumulation === "number" && gradientAccumulation > 1
        ? {
            what: `${setting("gradientAccumulation")} is given, too, and both are forward passes in one step`,
            expected: "one of them",
          }
        : undefined,
  },
});

/** Whether this process trains alone. */
export const rankSettings = group("Ranks", {
  ranks: choice(
    ["alone", "mpi"],
    "alone",
    "who trains: this process alone, or all processes that mpirun or srun has started (mpi); each computes a part of every step's leaves",
  ),
  rankTimeout: {
    type: "number",
    argument: "s",
    schema: z.number().min(1).max(86400).default(300),
    expects: "a number of seconds from 1 to 86400",
    help: "the training ends with an error where another rank has not answered for so long within a step",
  },
});

/** How the frozen backbone's hidden states are kept between epochs and runs. */
export const cacheSettings = group("Hidden states", {
  cache: {
    type: "text",
    argument: "dir|off",
    schema: text.optional(),
    expects: "a folder, or off",
    help: "folder in which the backbone's hidden states are kept; off: they are computed anew in every epoch",
    otherwise: "~/.cache/kadapter/features",
  },
  cacheSize: {
    type: "number",
    argument: "GiB",
    schema: z.number().positive().max(1e6).default(20),
    expects: "a number of GiB above 0",
    help: "most GiB of all caches in that folder together; the ones unused the longest make room",
  },
  cacheDtype: choice(
    ["float16", "float32"],
    "float16",
    "precision of the hidden states that the adapter reads, cached or not",
  ),
  backbonePrecision: choice(
    ["float32", "int8"],
    "float32",
    "how the frozen backbone computes: int8 is faster and a little off; the report says how much",
  ),
});

/** Where it runs. */
export const runtimeSettings = group("Machine", {
  device: {
    ...choice(["auto", "cpu", "cuda", "webgpu"], "auto", "where it runs: auto, cpu, cuda or webgpu"),
    basic: true,
  },
  threads: { ...optionalCount(1, "threads of one operator", 1024), otherwise: "all cores" },
});

/** How a run begins where its folder holds something. */
export const beginSettings = group("Run", {
  resume: { ...toggle("go on from the last checkpoint in the output folder"), basic: true },
  overwrite: {
    ...toggle("replace what the output folder holds"),
    basic: true,
    check: ({ resume, overwrite }) =>
      resume === true && overwrite === true
        ? { what: `${setting("resume")} is given, too`, expected: "one of them" }
        : undefined,
  },
});

/** For what writes a file or folder and cannot go on in it. */
export const overwriteSetting = { ...beginSettings.overwrite, help: "replace what is there" };

/** A share of the work, for arrays of processes. */
export const partSetting = (help: string) =>
  group("Array", {
    part: {
      type: "text",
      argument: "i/n",
      schema: part.optional(),
      expects: "a part and how many there are, such as 0/8 for the first of eight and 7/8 for the last",
      help,
      otherwise: "all of it",
      basic: true,
    },
  }).part;
