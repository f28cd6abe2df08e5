/**
 * Settings of the experiments on how knowledge arrives and stays: `experiment transfer` and `continual`.
 * @module
 */
import { z } from "zod";
import { continualSystems, transferRows } from "./choices.js";
import { experimentOut, moreRelationFiles, relationFiles, seeds } from "./experiment-shared.js";
import { objectiveSettings } from "./factual.js";
import { treeSettings } from "./linguistic.js";
import { group, type Settings } from "./setting.js";
import { adapterSettings, cacheSettings, dataSettings, runtimeSettings, trainingSettings } from "./shared.js";
import { count, knowledgeFiles, listOf, rate, split, text, whole } from "./values.js";

const { features: _features, freezeAdapter: _freeze, maskPadding: _mask, ...shape } = adapterSettings;
const {
  seed: _seed,
  evalEvery: _eval,
  saveEvery: _save,
  patience: _patience,
  gradientAccumulation: _,
  ...how
} = trainingSettings;

/** What the experiments on how knowledge arrives and stays train with. */
const commonSettings = {
  backbone: dataSettings.backbone,
  out: experimentOut,
  maxLength: dataSettings.maxLength,
  ...shape,
  ...how,
  epochs: { ...trainingSettings.epochs, schema: whole(1, 1_000_000).default(2) },
  ...cacheSettings,
  ...runtimeSettings,
};

const sampleSettings = group("Sample", {
  sentences: { ...count(1, 20_000, "sentences of a pre-training, at most"), basic: true },
  dataSeed: {
    type: "number",
    argument: "n",
    schema: whole(0, 0xffff_ffff).default(42),
    expects: "a whole number from 0 to 4294967295",
    help: "decides which relations and sentences are taken for what; it is the same for all rows and seeds",
  },
});

/** `experiment transfer`. */
export const transferSettings = {
  train: relationFiles("relation data to pre-train on"),
  fewShot: moreRelationFiles("where the unseen relations come from", "the training data"),
  farTrain: moreRelationFiles("another data set's training part", "none"),
  farTest: moreRelationFiles("its test part", "none"),
  rows: {
    ...dataSettings.train,
    argument: "list",
    schema: listOf(z.enum(transferRows)).default([...transferRows]),
    expects: `some of ${transferRows.join(",")}`,
    help: `rows of the table: ${transferRows.join(", ")}`,
    otherwise: "all",
  },
  seeds,
  ...group("Measures", {
    unseen: {
      type: "text",
      argument: "n|list",
      schema: z
        .preprocess(split, z.array(z.union([whole(2, 10_000), text])).min(1))
        .transform((list): number | string[] => {
          const [first] = list;
          return list.length === 1 && typeof first === "number" ? first : list.map(String);
        })
        .default(10),
      expects: "a number from 2, or names of relations such as P17,P36",
      help: "relations that are kept out of pre-training and told from a few examples: how many, or which",
    },
    perUnseen: count(2, 200, "examples of each unseen relation"),
    ways: count(2, 10, "relations of an episode", 10_000),
    shots: {
      type: "text",
      argument: "list",
      schema: listOf(whole(1, 10_000)).default([1, 5]),
      expects: "numbers such as 1,5",
      help: "examples of each relation that an episode shows",
    },
    episodes: count(1, 500, "episodes", 1_000_000),
    queries: count(1, 10, "examples of each relation that an episode asks about", 10_000),
    perClass: {
      type: "text",
      argument: "list",
      schema: listOf(z.union([whole(1), z.literal("all")])).default([5, 10, 50, "all"]),
      expects: "numbers or all, such as 5,10,50,all",
      help: "examples of each class that a linear probe learns from on the other data set",
    },
    relations: {
      type: "text",
      argument: "list",
      schema: listOf(z.union([whole(2), z.literal("all")])).default(["all"]),
      expects: "numbers or all, such as 16,42,all",
      help: "numbers of relations to pre-train on, each at the same number of sentences",
    },
  }),
  ...sampleSettings,
  contrastBatchSize: {
    ...trainingSettings.batchSize,
    ...count(2, 128, "sentences in one forward pass of the contrastive objective", 65536),
    basic: false,
  },
  temperature: objectiveSettings.temperature,
  ...commonSettings,
};

/** Kinds of knowledge that can be learnt in turn. */
const learnKinds = ["factual", "linguistic", "entity-typing"] as const;
export type LearnKind = (typeof learnKinds)[number];

/** `experiment continual`. */
export const continualSettings = {
  learn: {
    ...dataSettings.train,
    argument: "kind=files...",
    schema: knowledgeFiles(learnKinds, ["train", "dev", "test"], 2),
    expects: `two or three of ${learnKinds.join(", ")}, each once, such as factual=train.json,dev.json,test.json`,
    help: `kinds of knowledge in the order in which they are learnt, each with its files, KIND=TRAIN,DEV,TEST; kinds: ${learnKinds.join(", ")}`,
  },
  systems: {
    ...dataSettings.train,
    argument: "list",
    schema: listOf(z.enum(continualSystems)).default([...continualSystems]),
    expects: `some of ${continualSystems.join(",")}`,
    help: `what is trained: ${continualSystems.join(", ")}`,
    otherwise: "all",
  },
  seeds,
  ...sampleSettings,
  sentences: { ...sampleSettings.sentences, help: "training examples of a kind, at most" },
  testSentences: {
    ...sampleSettings.sentences,
    ...count(1, 2000, "examples of a kind's dev and test data, at most"),
  },
  modelLearningRate: {
    ...trainingSettings.learningRate,
    schema: rate.default(5e-5),
    help: "highest learning rate of the model itself, where it is trained",
    basic: false,
  },
  arcSize: treeSettings.arcSize,
  ...commonSettings,
};

export type TransferSettings = Settings<typeof transferSettings>;
export type ContinualSettings = Settings<typeof continualSettings>;
/** What the settings of both have in common. */
export type ExperimentSettings = Settings<typeof commonSettings>;
