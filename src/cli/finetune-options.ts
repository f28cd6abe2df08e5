/**
 * The options of `finetune`, task by task.
 * @module
 */
import { z } from "zod";
import { trainedParts } from "../adapters/downstream-folder.js";
import { fusionKinds } from "../adapters/fusion.js";
import {
  adapterSpecs,
  cacheSpecs,
  dataSpecs,
  fileList,
  layerList,
  runtimeSpecs,
  trainingSpecs,
  whole,
} from "./options.js";
import { type Options, option } from "./spec.js";

const named = z.string().regex(/^[\w-]+=.+$/);
const examples = (flags: string, help: string) =>
  option({ flags, kind: "text", schema: fileList, expects: "files of examples", help });

/** What every downstream task takes. */
export const finetuneSpecs = {
  backbone: dataSpecs.backbone,
  adapter: option({
    flags: "--adapter <name=dir...>",
    kind: "text",
    schema: z.union([named.transform((one) => [one]), z.array(named)]).default([]),
    expects: "NAME=DIR for each adapter, such as fac=runs/facts",
    help: "finished adapters, each with a name; none: the backbone alone",
  }),
  fusion: option({
    flags: "--fusion <kind>",
    kind: "text",
    schema: z.enum(fusionKinds).default("concat"),
    expects: fusionKinds.join(", "),
    help: "how adapters are joined: concat or add as in the released code, or attention over them (default concat)",
  }),
  taps: option({
    flags: "--taps <list>",
    kind: "text",
    schema: layerList.optional(),
    expects: "ascending numbers of backbone layers such as 0,3,6 (0: the embeddings)",
    help: "without adapters: read these hidden states side by side, for comparison (default: the last one)",
  }),
  trains: option({
    flags: "--trains <what>",
    kind: "text",
    schema: z.enum(trainedParts).default("none"),
    expects: trainedParts.join(", "),
    help: "what learns besides fusion and head: none (straight from cached hidden states), backbone (adapters frozen, as in the paper), adapters, or all (default none)",
  }),
  frozenDropout: option({
    flags: "--frozen-dropout",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "let frozen adapters drop out too, as the released code does",
  }),
  train: examples("--train <file...>", "training examples"),
  dev: examples("--dev <file...>", "examples that choose the best parameters"),
  test: option({
    flags: "--test <file...>",
    kind: "text",
    schema: fileList.optional(),
    expects: "files of examples",
    help: "examples that are scored once, at the end",
  }),
  out: option({
    ...dataSpecs.out,
    expects: "the folder for the model",
    help: "folder for the model, its checkpoints and metrics",
  }),
  maxLength: option({
    ...dataSpecs.maxLength,
    schema: whole(8, 65536).default(256),
    help: "longest text in tokens (default 256)",
  }),
  headInit: adapterSpecs.headInit,
  ...trainingSpecs,
  learningRate: option({
    ...trainingSpecs.learningRate,
    schema: z.number().positive().max(1).default(2e-5),
    help: "highest learning rate of backbone and adapters, where they learn (default 2e-5)",
  }),
  headLearningRate: option({
    ...trainingSpecs.headLearningRate,
    help: "highest learning rate of fusion and head (default 1e-3)",
  }),
  adamEpsilon: option({
    flags: "--adam-epsilon <x>",
    kind: "number",
    schema: z.number().positive().max(1).default(1e-8),
    expects: "a number above 0",
    help: "AdamW's epsilon (default 1e-8)",
  }),
  ...cacheSpecs,
  ...runtimeSpecs,
};

/** `finetune relations`. */
export const relationsSpecs = {
  ...finetuneSpecs,
  format: dataSpecs.format,
  markers: option({
    flags: "--markers <kind>",
    kind: "text",
    schema: z.enum(["plain", "typed"]).default("plain"),
    expects: "plain or typed",
    help: "plain: @ subject @ and # object #; typed: with the entities' types (default plain)",
  }),
  maxNegatives: option({
    flags: "--max-negatives <n>",
    kind: "number",
    schema: whole(0).optional(),
    expects: "a whole number from 0",
    help: "training examples of no_relation that are kept, the first ones (default: all; the released code's negative_sample is one more)",
  }),
  officialFeatures: option({
    flags: "--official-features",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "tokens as in the released code: pieces on their own, cut at the end",
  }),
};

/** `finetune entity-typing`. */
export const typingSpecs = {
  ...finetuneSpecs,
  alwaysOne: option({
    flags: "--always-one",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "predict the best type where none is likely, as FIGER's script does",
  }),
  officialFeatures: option({
    flags: "--official-features <set>",
    kind: "text",
    schema: z.enum(["openentity", "figer"]).optional(),
    expects: "openentity or figer",
    help: "tokens as the released code has them for this set",
  }),
};

/** `finetune multiple-choice`. */
export const choiceSpecs = finetuneSpecs;

/** `finetune open-qa`. */
export const openQaSpecs = {
  ...finetuneSpecs,
  maxAnswerLength: option({
    flags: "--max-answer-length <n>",
    kind: "number",
    schema: whole(1, 1000).default(16),
    expects: "a whole number of tokens from 1",
    help: "longest answer in tokens (default 16)",
  }),
  maxParagraphs: option({
    flags: "--max-paragraphs <n>",
    kind: "number",
    schema: whole(1, 100_000).default(50),
    expects: "a whole number from 1",
    help: "paragraphs of a question that are read, the first ones (default 50)",
  }),
};

export type FinetuneOptions = Options<typeof finetuneSpecs>;
export type RelationsOptions = Options<typeof relationsSpecs>;
export type TypingOptions = Options<typeof typingSpecs>;
export type OpenQaOptions = Options<typeof openQaSpecs>;
