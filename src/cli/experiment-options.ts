/**
 * The options of `experiment`.
 * @module
 */
import { z } from "zod";
import { continualSystems } from "../experiments/continual.js";
import { transferRows } from "../experiments/transfer-plan.js";
import { learnSchema } from "./learn-option.js";
import { linguisticOwnSpecs } from "./linguistic-options.js";
import { adapterSpecs, cacheSpecs, dataSpecs, fileList, runtimeSpecs, text, trainingSpecs, whole } from "./options.js";
import { type Options, option } from "./spec.js";

/** `1,2,3`, or several of it, as one list; a recipe's list stays one. */
const split = (given: unknown): unknown => {
  const parts = Array.isArray(given) ? given : [given];
  return parts.flatMap((part: unknown) =>
    typeof part === "string"
      ? part.split(",").map((one) => (/^\d{1,9}$/.test(one.trim()) ? Number(one) : one.trim()))
      : [part],
  );
};
const listOf = <T extends z.ZodType>(one: T) => z.preprocess(split, z.array(one).min(1).max(1000));

const seeds = option({
  flags: "--seeds <list>",
  kind: "text",
  schema: listOf(whole(0, 0xffff_ffff)).default([1, 2, 3]),
  expects: "seeds such as 1,2,3",
  help: "seeds of initial weights, order and draws; each is a run of its own (default 1,2,3)",
});

const { features: _features, freezeAdapter: _freeze, maskPadding: _mask, ...shape } = adapterSpecs;
const {
  seed: _seed,
  evalEvery: _eval,
  saveEvery: _save,
  patience: _patience,
  gradientAccumulation: _,
  ...how
} = trainingSpecs;

/** What all experiments train with. */
const commonSpecs = {
  backbone: dataSpecs.backbone,
  out: option({
    ...dataSpecs.out,
    expects: "a folder for results",
    help: "folder for tables, finished results and adapters; what is there is not computed again",
  }),
  maxLength: dataSpecs.maxLength,
  ...shape,
  ...how,
  epochs: option({
    ...trainingSpecs.epochs,
    schema: whole(1, 1_000_000).default(2),
    help: "passes over the training examples (default 2)",
  }),
  ...cacheSpecs,
  ...runtimeSpecs,
};

const files = (flags: string, help: string) =>
  option({ flags, kind: "text", schema: fileList, expects: "files of relation data", help });

/** `experiment transfer`. */
export const transferSpecs = {
  train: files("--train <file...>", "relation data to pre-train on"),
  fewShot: option({
    ...files("--few-shot <file...>", "where the unseen relations come from (default: the training data)"),
    schema: fileList.optional(),
  }),
  farTrain: option({
    ...files("--far-train <file...>", "another data set's training part"),
    schema: fileList.optional(),
  }),
  farTest: option({ ...files("--far-test <file...>", "its test part"), schema: fileList.optional() }),
  rows: option({
    flags: "--rows <list>",
    kind: "text",
    schema: listOf(z.enum(transferRows)).default([...transferRows]),
    expects: `some of ${transferRows.join(",")}`,
    help: `rows of the table: ${transferRows.join(", ")} (default: all)`,
  }),
  seeds,
  unseen: option({
    flags: "--unseen <n|list>",
    kind: "text",
    schema: z
      .preprocess(split, z.array(z.union([whole(2, 10_000), text])).min(1))
      .transform((list): number | string[] => {
        const [first] = list;
        return list.length === 1 && typeof first === "number" ? first : list.map(String);
      })
      .default(10),
    expects: "a number from 2, or names of relations such as P17,P36",
    help: "relations that are kept out of pre-training and told from a few examples: how many, or which (default 10)",
  }),
  perUnseen: option({
    flags: "--per-unseen <n>",
    kind: "number",
    schema: whole(2).default(200),
    expects: "a whole number from 2",
    help: "examples of each unseen relation (default 200)",
  }),
  ways: option({
    flags: "--ways <n>",
    kind: "number",
    schema: whole(2, 10_000).default(10),
    expects: "a whole number from 2",
    help: "relations of an episode (default 10)",
  }),
  shots: option({
    flags: "--shots <list>",
    kind: "text",
    schema: listOf(whole(1, 10_000)).default([1, 5]),
    expects: "numbers such as 1,5",
    help: "examples of each relation that an episode shows (default 1,5)",
  }),
  episodes: option({
    flags: "--episodes <n>",
    kind: "number",
    schema: whole(1, 1_000_000).default(500),
    expects: "a whole number from 1",
    help: "episodes (default 500)",
  }),
  queries: option({
    flags: "--queries <n>",
    kind: "number",
    schema: whole(1, 10_000).default(10),
    expects: "a whole number from 1",
    help: "examples of each relation that an episode asks about (default 10)",
  }),
  perClass: option({
    flags: "--per-class <list>",
    kind: "text",
    schema: listOf(z.union([whole(1), z.literal("all")])).default([5, 10, 50, "all"]),
    expects: "numbers or all, such as 5,10,50,all",
    help: "examples of each class that a linear probe learns from on the other data set (default 5,10,50,all)",
  }),
  relations: option({
    flags: "--relations <list>",
    kind: "text",
    schema: listOf(z.union([whole(2), z.literal("all")])).default(["all"]),
    expects: "numbers or all, such as 16,42,all",
    help: "numbers of relations to pre-train on, each at the same number of sentences (default all)",
  }),
  sentences: option({
    flags: "--sentences <n>",
    kind: "number",
    schema: whole(1).default(20_000),
    expects: "a whole number from 1",
    help: "most sentences of a pre-training (default 20000)",
  }),
  contrastBatchSize: option({
    flags: "--contrast-batch-size <n>",
    kind: "number",
    schema: whole(2, 65536).default(128),
    expects: "a whole number from 2",
    help: "sentences in one forward pass of the contrastive objective (default 128)",
  }),
  temperature: dataSpecs.temperature,
  dataSeed: option({
    flags: "--data-seed <n>",
    kind: "number",
    schema: whole(0, 0xffff_ffff).default(42),
    expects: "a whole number from 0 to 4294967295",
    help: "which relations and sentences are taken for what; the same for all rows and seeds (default 42)",
  }),
  ...commonSpecs,
};

/** Kinds of knowledge that can be learnt in turn on the command line. */
export const learnKinds = ["factual", "linguistic", "entity-typing"] as const;
export type LearnKind = (typeof learnKinds)[number];

/** `experiment continual`. */
export const continualSpecs = {
  learn: option({
    flags: "--learn <kind=files...>",
    kind: "text",
    schema: learnSchema(learnKinds, ["train", "dev", "test"], 2),
    expects: `two or three of ${learnKinds.join(", ")}, each once, such as factual=train.json,dev.json,test.json`,
    help: `kinds of knowledge in the order in which they are learnt, each with its files: KIND=TRAIN,DEV,TEST; ${learnKinds.join(", ")}`,
  }),
  systems: option({
    flags: "--systems <list>",
    kind: "text",
    schema: listOf(z.enum(continualSystems)).default([...continualSystems]),
    expects: `some of ${continualSystems.join(",")}`,
    help: `what is trained: ${continualSystems.join(", ")} (default: all)`,
  }),
  seeds,
  sentences: option({ ...transferSpecs.sentences, help: "most training examples of a kind (default 20000)" }),
  testSentences: option({
    flags: "--test-sentences <n>",
    kind: "number",
    schema: whole(1).default(2000),
    expects: "a whole number from 1",
    help: "most examples of a kind's dev and test data (default 2000)",
  }),
  modelLearningRate: option({
    ...trainingSpecs.learningRate,
    flags: "--model-learning-rate <x>",
    schema: z.number().positive().max(1).default(5e-5),
    help: "highest learning rate of the model itself, where it is trained (default 5e-5)",
  }),
  arcSize: linguisticOwnSpecs.arcSize,
  dataSeed: transferSpecs.dataSeed,
  ...commonSpecs,
};

export type ContinualOptions = Options<typeof continualSpecs>;
export type TransferOptions = Options<typeof transferSpecs>;
/** What the options of all experiments have in common. */
export type ExperimentOptions = Options<typeof commonSpecs>;
