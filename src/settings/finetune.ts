import { z } from "zod";
import { trainedParts } from "../adapters/downstream-folder.js";
import { fusionKinds } from "../adapters/fusion.js";
import { setting } from "../errors.js";
import { group, type Settings } from "./setting.js";
import {
  adapterSettings,
  cacheSettings,
  dataSettings,
  leafSettings,
  runtimeSettings,
  taskTextLength,
  trainingSettings,
} from "./shared.js";
import { choice, count, files, layerList, oneOrMore, optionalCount, optionalFiles, rate, toggle } from "./values.js";

const named = z.string().regex(/^[\w-]+=.+$/);
const examples = "files of examples";

/** Which adapters are joined to the backbone, and what is trained. */
const modelSettings = group("Model", {
  adapter: {
    type: "text",
    argument: "name=dir...",
    schema: oneOrMore(named, 0).default([]),
    expects: "NAME=DIR for each adapter, such as fac=runs/facts",
    help: "finished adapters, each with a name",
    otherwise: "none: the backbone alone",
    basic: true,
  },
  fusion: choice(
    fusionKinds,
    "concat",
    "how adapters are joined: concat or add as in the released code, or attention over them",
  ),
  taps: {
    type: "text",
    argument: "list",
    schema: layerList.optional(),
    expects: "ascending numbers of backbone layers such as 0,3,6 (0: the embeddings)",
    help: "without adapters: the head reads these hidden states side by side, for comparison",
    otherwise: "the last one",
    check: ({ taps, adapter }) =>
      taps !== undefined && Array.isArray(adapter) && adapter.length > 0
        ? { what: "adapters read hidden states of their own", fix: `leave out ${setting("adapter")}` }
        : undefined,
  },
  trains: {
    ...choice(
      trainedParts,
      "none",
      "what learns besides fusion and head: none (straight from cached hidden states), backbone (the adapters are frozen, as in the paper), adapters, or all",
    ),
    basic: true,
  },
  frozenDropout: toggle("frozen adapters drop out too, as in the released code"),
});

/** What every downstream task takes. */
export const finetuneSettings = {
  backbone: dataSettings.backbone,
  ...modelSettings,
  train: { ...dataSettings.train, ...files(examples, "training examples") },
  dev: { ...dataSettings.dev, ...optionalFiles(examples, "examples that choose the best parameters") },
  test: {
    ...dataSettings.dev,
    ...optionalFiles(examples, "examples that are scored once, at the end"),
    otherwise: "none",
  },
  out: {
    ...dataSettings.out,
    expects: "the folder for the model",
    help: "folder for the model, its checkpoints and metrics",
  },
  maxLength: taskTextLength,
  headInit: adapterSettings.headInit,
  ...trainingSettings,
  ...leafSettings,
  learningRate: {
    ...trainingSettings.learningRate,
    schema: rate.default(2e-5),
    help: "highest learning rate of backbone and adapters, where they learn",
  },
  headLearningRate: { ...trainingSettings.headLearningRate, help: "highest learning rate of fusion and head" },
  adamEpsilon: {
    ...trainingSettings.headLearningRate,
    schema: rate.default(1e-8),
    expects: "a number above 0",
    help: "AdamW's epsilon",
  },
  ...cacheSettings,
  ...runtimeSettings,
};

/** `finetune relations`. */
export const relationsSettings = {
  ...finetuneSettings,
  format: dataSettings.format,
  ...group("Task", {
    markers: choice(
      ["plain", "typed"],
      "plain",
      "how entities are marked: plain (@ subject @ and # object #) or typed (with the entities' types)",
    ),
    maxNegatives: {
      ...optionalCount(
        0,
        "training examples of no_relation that are kept, the first ones; the released code's negative_sample is one more",
      ),
      otherwise: "all",
    },
    officialFeatures: toggle("tokens are as in the released code: pieces on their own, cut at the end"),
  }),
};

/** `finetune entity-typing`. */
export const typingSettings = {
  ...finetuneSettings,
  ...group("Task", {
    alwaysOne: toggle("the best type is predicted where none is likely, as in FIGER's script"),
    officialFeatures: {
      type: "text",
      argument: "set",
      schema: z.enum(["openentity", "figer"]).optional(),
      expects: "openentity or figer",
      help: "tokens are as the released code has them for this set: openentity or figer",
      otherwise: "tokens as everywhere else",
    },
  }),
};

/** `finetune multiple-choice`. */
export const choiceSettings = finetuneSettings;

/** `finetune open-qa`. */
export const openQaSettings = {
  ...finetuneSettings,
  ...group("Task", {
    maxAnswerLength: {
      ...count(1, 16, "longest answer in tokens", 1000),
      expects: "a whole number of tokens from 1",
    },
    maxParagraphs: count(1, 50, "paragraphs of a question that are read, the first ones", 100_000),
  }),
};

export type FinetuneSettings = Settings<typeof finetuneSettings>;
export type RelationsSettings = Settings<typeof relationsSettings>;
export type TypingSettings = Settings<typeof typingSettings>;
export type OpenQaSettings = Settings<typeof openQaSettings>;
