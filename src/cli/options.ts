/**
 * The options of `kadapter`'s trainings: one table, from which flags, recipes, defaults and checks come.
 * @module
 */
import { z } from "zod";
import { featureKinds } from "../adapters/config.js";
import { relationFormats } from "../data/relation-data.js";
import { userError } from "../errors.js";
import { factualObjectives } from "../tasks/relations/factual.js";
import { entityVectors } from "../text/markers.js";
import type { Warmup } from "../training/schedule.js";
import { type GivenOptions, kebab, type Options, option, resolveOptions } from "./spec.js";

/** A whole number within bounds; the upper bound only keeps typing errors from running out of memory. */
export const whole = (least: number, most = 1_000_000_000) => z.number().int().min(least).max(most);

/** A text that is not empty and fits in one line. */
export const text = z
  .string()
  .min(1)
  .max(4096)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  .regex(/^[^\u0000-\u001f]*$/);

/** Steps, or a share of all steps. */
export const warmup = z
  .union([whole(0), z.string().regex(/^\d{1,3}(\.\d{1,6})?%$/)])
  .refine((value) => typeof value === "number" || Number(value.slice(0, -1)) <= 100)
  .transform((value) => value as Warmup);

const ascending = (layers: readonly number[]) => layers.every((layer, i) => i === 0 || layer > layers[i - 1]!);

/** `0,3,6`, or a recipe's list. */
export const layerList = z.preprocess(
  (given) =>
    typeof given === "string" && /^\s*\d{1,4}(\s*,\s*\d{1,4})*\s*$/.test(given)
      ? given.split(",").map(Number)
      : typeof given === "number"
        ? [given]
        : given,
  z.array(whole(0, 9999)).min(1).max(256).refine(ascending),
);

const initial = z.preprocess(
  (given) => (typeof given === "string" && /^[\d.]+(e-?\d+)?$/i.test(given) ? Number(given) : given),
  z.union([z.number().positive().max(1), z.literal("official")]),
);

const adapterInitial = z.union([z.literal("backbone"), initial]);

/** One file or several, as flags and recipes give them. */
export const fileList = z.preprocess((given) => (typeof given === "string" ? [given] : given), z.array(text).min(1));

const backboneExpects = "a model folder or a Hugging Face id such as roberta-large";

/** Which backbone and data; the names of files are taken from the working directory, in recipes too. */
export const dataSpecs = {
  backbone: option({
    flags: "--backbone <dir|id>",
    kind: "text",
    schema: text,
    expects: backboneExpects,
    help: `the frozen language model: ${backboneExpects}`,
  }),
  train: option({
    flags: "--train <file>",
    kind: "text",
    schema: text,
    expects: "a file of training examples",
    help: "training examples",
  }),
  dev: option({
    flags: "--dev <file>",
    kind: "text",
    schema: text,
    expects: "a file of examples for evaluation",
    help: "examples for evaluation",
  }),
  out: option({
    flags: "--out <dir>",
    kind: "text",
    schema: text,
    expects: "the folder for the adapter",
    help: "folder for the adapter, its checkpoints and metrics",
  }),
  format: option({
    flags: "--format <name>",
    kind: "text",
    schema: z.enum(relationFormats).optional(),
    expects: `one of ${relationFormats.join(", ")}`,
    help: `data format: ${relationFormats.join(", ")}; recognised by content if not given`,
  }),
  maxLength: option({
    flags: "--max-length <n>",
    kind: "number",
    schema: whole(8, 65536).default(128),
    expects: "a whole number of tokens from 8",
    help: "longest sentence in tokens (default 128)",
  }),
  minEntityPairs: option({
    flags: "--min-entity-pairs <n>",
    kind: "number",
    schema: whole(0).default(0),
    expects: "a whole number from 0",
    help: "T-REx: keep relations with at least this many entity pairs (default 0)",
  }),
  labelSmoothing: option({
    flags: "--label-smoothing <x>",
    kind: "number",
    schema: z.number().min(0).lt(1).default(0),
    expects: "a number from 0, below 1",
    help: "share of each label that is spread over all relations while it is learnt (default 0)",
  }),
  objective: option({
    flags: "--objective <kind>",
    kind: "text",
    schema: z.enum(factualObjectives).default("own-output"),
    expects: factualObjectives.join(", "),
    help: "what facts are learnt by: own-output: one layer on the adapter's output alone; classification: the paper's head on the adapter's output and the model's; contrastive: pair vectors, the same relation's together (default own-output)",
  }),
  temperature: option({
    flags: "--temperature <x>",
    kind: "number",
    schema: z.number().positive().max(100).default(0.05),
    expects: "a number above 0",
    help: "of the contrastive objective (default 0.05)",
  }),
  entityVector: option({
    flags: "--entity-vector <kind>",
    kind: "text",
    schema: z.enum(entityVectors).optional(),
    expects: entityVectors.join(" or "),
    help: "whose vector stands for an entity: its first marker's (default) or its last token's (default beside a causal model)",
  }),
};

/** The adapter's shape; what is not given is derived from the backbone. */
export const adapterSpecs = {
  features: option({
    flags: "--features <kind>",
    kind: "text",
    schema: z.enum(featureKinds).default("adapter"),
    expects: featureKinds.join(", "),
    help: "what the head reads: adapter (its output, and beside it the last hidden state unless an objective leaves that out), output (the adapter's alone), or a baseline without one: last (hidden state), taps (default adapter)",
  }),
  preset: option({
    flags: "--preset <name>",
    kind: "text",
    schema: z.enum(["official", "paper"]).default("official"),
    expects: "official or paper",
    help: "how an adapter layer joins the backbone's state and the layer before: official (sum) or paper (concatenation)",
  }),
  layers: option({
    flags: "--layers <list>",
    kind: "text",
    schema: layerList.optional(),
    expects: "ascending numbers of backbone layers such as 0,3,6 (0: the embeddings)",
    help: "backbone layers that the adapter reads, such as 0,3,6 (default: from the backbone)",
  }),
  adapterSize: option({
    flags: "--adapter-size <n>",
    kind: "number",
    schema: whole(1, 65536).optional(),
    expects: "a whole number from 1",
    help: "hidden size of the adapter (default: from the backbone)",
  }),
  adapterHeads: option({
    flags: "--adapter-heads <n>",
    kind: "number",
    schema: whole(1, 4096).optional(),
    expects: "a whole number from 1 that divides the adapter size",
    help: "attention heads (default: size / 64)",
  }),
  adapterFfn: option({
    flags: "--adapter-ffn <n>",
    kind: "number",
    schema: whole(1, 1_048_576).optional(),
    expects: "a whole number from 1",
    help: "width of the feed-forward layers (default: 4 × size)",
  }),
  transformerLayers: option({
    flags: "--transformer-layers <n>",
    kind: "number",
    schema: whole(1, 256).default(2),
    expects: "a whole number from 1",
    help: "transformer layers in each adapter layer (default 2)",
  }),
  init: option({
    flags: "--init <x>",
    kind: "text",
    schema: adapterInitial.optional(),
    expects: "a standard deviation above 0, official or backbone",
    help: "standard deviation of the initial weights, official for the released code's, or backbone: copies of the model's own layers (default: backbone where the adapter is shaped like them, else 0.02)",
  }),
  headInit: option({
    flags: "--head-init <x>",
    kind: "text",
    schema: initial.default(0.05),
    expects: "a standard deviation above 0, or official",
    help: "the same for the head; small ones learn slowly at first (default 0.05)",
  }),
  skip: option({
    flags: "--skip <n>",
    kind: "number",
    schema: whole(0, 256).default(0),
    expects: "a whole number from 0",
    help: "adapter_skip_layers of the released code (default 0)",
  }),
  maskPadding: option({
    flags: "--no-mask-padding",
    kind: "switch",
    schema: z.boolean().default(true),
    expects: "true or false",
    help: "let the adapter attend to padding, as the released code does",
  }),
  officialPadding: option({
    flags: "--official-padding",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "pad every sentence to --max-length and let the adapter attend to padding, as the released code does: slow, for comparison",
  }),
  freezeAdapter: option({
    flags: "--freeze-adapter",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "a baseline: the adapter stays as it starts (--init) and the head alone is trained",
  }),
};

/** How it is trained: common to every training. */
export const trainingSpecs = {
  epochs: option({
    flags: "--epochs <n>",
    kind: "number",
    schema: whole(1, 1_000_000).default(5),
    expects: "a whole number from 1",
    help: "passes over the training examples (default 5)",
  }),
  maxSteps: option({
    flags: "--max-steps <n>",
    kind: "number",
    schema: whole(1).optional(),
    expects: "a whole number from 1",
    help: "stop after this many optimiser steps",
  }),
  batchSize: option({
    flags: "--batch-size <n>",
    kind: "number",
    schema: whole(1, 65536).default(32),
    expects: "a whole number from 1",
    help: "sentences in one forward pass (default 32)",
  }),
  batchTokens: option({
    flags: "--batch-tokens <n>",
    kind: "number",
    schema: whole(1).optional(),
    expects: "a whole number from 1",
    help: "tokens in one forward pass instead of a number of sentences: as many of similar length as fit",
  }),
  gradientAccumulation: option({
    flags: "--gradient-accumulation <n>",
    kind: "number",
    schema: whole(1, 65536).default(1),
    expects: "a whole number from 1",
    help: "forward passes summed into one optimiser step (default 1)",
  }),
  learningRate: option({
    flags: "--learning-rate <x>",
    kind: "number",
    schema: z.number().positive().max(1).default(3e-4),
    expects: "a number above 0 and at most 1",
    help: "highest learning rate (default 3e-4)",
  }),
  headLearningRate: option({
    flags: "--head-learning-rate <x>",
    kind: "number",
    schema: z.number().positive().max(1).default(1e-3),
    expects: "a number above 0 and at most 1",
    help: "highest learning rate of the head (default 1e-3)",
  }),
  warmup: option({
    flags: "--warmup <n|10%>",
    kind: "number",
    schema: warmup.default("10%"),
    expects: "a number of steps from 0, or a share of all steps such as 10%",
    help: "steps, or share of all steps, of linear warm-up (default 10%)",
  }),
  weightDecay: option({
    flags: "--weight-decay <x>",
    kind: "number",
    schema: z.number().min(0).max(1).default(0),
    expects: "a number from 0 to 1",
    help: "AdamW's weight decay, none on biases and LayerNorm (default 0)",
  }),
  maxGradNorm: option({
    flags: "--max-grad-norm <x>",
    kind: "number",
    schema: z.number().min(0).max(1e9).default(1),
    expects: "a number from 0; 0 clips nothing",
    help: "clip the gradient's global norm to this, 0: off (default 1)",
  }),
  dropout: option({
    flags: "--dropout <x>",
    kind: "number",
    schema: z.number().min(0).lt(1).default(0.1),
    expects: "a number from 0, below 1",
    help: "dropout in adapter and head (default 0.1)",
  }),
  seed: option({
    flags: "--seed <n>",
    kind: "number",
    schema: whole(0, 0xffff_ffff).default(42),
    expects: "a whole number from 0 to 4294967295",
    help: "seed of initial weights, order and dropout (default 42)",
  }),
  evalEvery: option({
    flags: "--eval-every <n>",
    kind: "number",
    schema: whole(0).default(0),
    expects: "a whole number of steps; 0: at the end of each epoch",
    help: "steps between evaluations, 0: at the end of each epoch (default 0)",
  }),
  saveEvery: option({
    flags: "--save-every <n>",
    kind: "number",
    schema: whole(0).default(500),
    expects: "a whole number of steps; 0: at the end of each epoch only",
    help: "steps between checkpoints, 0: at the end of each epoch only (default 500)",
  }),
  patience: option({
    flags: "--patience <n>",
    kind: "number",
    schema: whole(0, 1_000_000).default(0),
    expects: "a whole number of evaluations; 0: never stop early",
    help: "stop after this many evaluations without a better one, 0: off (default 0)",
  }),
};

/** How the frozen backbone's hidden states are kept between epochs and runs. */
export const cacheSpecs = {
  cache: option({
    flags: "--cache <dir|off>",
    kind: "text",
    schema: text.optional(),
    expects: "a folder, or off",
    help: "where the backbone's hidden states are kept (default: ~/.cache/kadapter/features); off: compute them in every epoch",
  }),
  cacheSize: option({
    flags: "--cache-size <GiB>",
    kind: "number",
    schema: z.number().positive().max(1e6).default(20),
    expects: "a number of GiB above 0",
    help: "most GiB of all caches in that folder together; the ones unused the longest make room (default 20)",
  }),
  cacheDtype: option({
    flags: "--cache-dtype <name>",
    kind: "text",
    schema: z.enum(["float16", "float32"]).default("float16"),
    expects: "float16 or float32",
    help: "precision of the hidden states that the adapter reads, cached or not (default float16)",
  }),
  backbonePrecision: option({
    flags: "--backbone-precision <name>",
    kind: "text",
    schema: z.enum(["float32", "int8"]).default("float32"),
    expects: "float32 or int8",
    help: "how the frozen backbone computes: int8 is faster and a little off; the report says how much (default float32)",
  }),
};

/** Where it runs. */
export const runtimeSpecs = {
  device: option({
    flags: "--device <name>",
    kind: "text",
    schema: z.enum(["auto", "cpu", "cuda", "webgpu"]).default("auto"),
    expects: "auto, cpu, cuda or webgpu",
    help: "auto, cpu, cuda or webgpu (default auto)",
  }),
  threads: option({
    flags: "--threads <n>",
    kind: "number",
    schema: whole(1, 1024).optional(),
    expects: "a whole number from 1",
    help: "threads of one operator (default: all cores)",
  }),
};

/** Every option of `pretrain factual` that a recipe may hold. */
export const factualSpecs = { ...dataSpecs, ...adapterSpecs, ...trainingSpecs, ...cacheSpecs, ...runtimeSpecs };

export type AdapterOptions = Options<typeof adapterSpecs>;

type ShapeOptions = Pick<
  FactualOptions,
  "layers" | "adapterSize" | "transformerLayers" | "adapterHeads" | "adapterFfn" | "skip" | "dropout" | "init"
>;

/** What the options say of an adapter's configuration, by its names there. */
export const adapterShape = (options: ShapeOptions) => ({
  layers: options.layers,
  size: options.adapterSize,
  transformerLayers: options.transformerLayers,
  heads: options.adapterHeads,
  intermediateSize: options.adapterFfn,
  skip: options.skip,
  dropout: options.dropout,
  init: options.init,
});
export type RuntimeOptions = Options<typeof runtimeSpecs>;

/** The resolved options of `pretrain factual`: plain JSON, stored in `adapter_config.json` and shown by `--json`. */
export type FactualOptions = Options<typeof factualSpecs>;

/** What the options of every `pretrain` have in common. */
export type PretrainOptions = Omit<
  FactualOptions,
  "train" | "dev" | "format" | "minEntityPairs" | "labelSmoothing" | "entityVector" | "objective" | "temperature"
> & {
  readonly train: string | readonly string[];
  readonly dev: string | readonly string[];
};

/**
 * The options of `pretrain factual`: flags over the recipe over the defaults.
 *
 * @throws UserError naming flag or recipe line.
 */
export function resolveFactualOptions(flags: GivenOptions, recipe: GivenOptions = new Map()): FactualOptions {
  const options = resolveOptions(factualSpecs, flags, recipe);
  checkHeads(options, flags, recipe);
  return options;
}

/** Heads must divide the size; known here only where both are given. */
export function checkHeads(
  options: Pick<AdapterOptions, "adapterHeads" | "adapterSize">,
  ...sources: readonly GivenOptions[]
): void {
  const { adapterHeads, adapterSize } = options;
  if (adapterHeads === undefined || adapterSize === undefined || adapterSize % adapterHeads === 0) return;
  const where = sources.map((source) => source.get("adapterHeads")?.where).find((found) => found !== undefined);
  throw userError({
    ...(where === undefined ? {} : { where }),
    what: `${adapterHeads} heads do not divide the adapter size ${adapterSize}`,
    expected: "a divisor of the size",
  });
}

/** A recipe (YAML) that resolves to the same options: what a training writes beside its adapter. */
export function formatRecipe(options: Readonly<Record<string, unknown>>): string {
  return Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${kebab(key)}: ${JSON.stringify(value)}\n`)
    .join("");
}
