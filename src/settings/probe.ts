import { z } from "zod";
import { lamaSets } from "../data/lama.js";
import { setting } from "../errors.js";
import { answerSets, subjectParts, uhnFilters } from "./choices.js";
import { maskingSettings } from "./language-model.js";
import { directionSetting, taughtSettings } from "./recall.js";
import { group, type Settings } from "./setting.js";
import {
  beginSettings,
  cacheSettings,
  dataSettings,
  overwriteSetting,
  runtimeSettings,
  trainingSettings,
} from "./shared.js";
import {
  choice,
  commaList,
  count,
  fileList,
  files,
  namedFolders,
  optionalCount,
  rate,
  text,
  toggle,
  whole,
} from "./values.js";

const plainText = "files of plain text";

/** Which model is asked, and with which adapters. */
const askedSettings = group("Model", {
  heads: {
    type: "text",
    argument: "dir...",
    schema: fileList.default([]),
    expects: "folders of trained heads",
    help: "heads that `probe train-head` has trained, or a folder of them",
    otherwise: "the backbone's own head",
    basic: true,
  },
  backbone: {
    ...dataSettings.backbone,
    schema: text.optional(),
    help: "the language model: a folder or a Hugging Face id",
    otherwise: "the one named in the heads, else the package's own",
  },
  adapter: {
    type: "text",
    argument: "name=dir...",
    schema: namedFolders.default({}),
    expects: "adapters as NAME=DIR",
    help: "adapters, as NAME=DIR: such as were taught facts, or with heads those that are not where the heads say",
    basic: true,
  },
  sets: {
    type: "text",
    argument: "list",
    schema: commaList.optional(),
    expects: "sets of adapters such as none,facts,facts+trees",
    help: "sets of adapters such as none,facts,facts+trees",
    otherwise: "all there are",
    basic: true,
  },
});

const { gradientAccumulation, batchTokens, headLearningRate, dropout, ...how } = trainingSettings;

/** `probe train-head`. */
export const trainHeadSettings = {
  backbone: dataSettings.backbone,
  adapter: { ...askedSettings.adapter, help: "adapters by name, such as facts=runs/facts" },
  sets: {
    ...askedSettings.sets,
    help: "sets of adapters that a head is trained for",
    otherwise: "none, each adapter alone, and all together",
  },
  train: { ...dataSettings.train, ...files(plainText, "plain text, gzipped or not: a sentence or paragraph a line") },
  dev: { ...dataSettings.train, ...files(plainText, "text for evaluation") },
  out: { ...dataSettings.out, expects: "a folder", help: "folder for the heads, one for each set" },
  modelOut: {
    ...dataSettings.out,
    schema: text.optional(),
    expects: "a folder",
    help: "folder for a copy of the model whose own head is the one of the set none, so that it can be taught facts",
    otherwise: "none is written",
  },
  maxLength: dataSettings.maxLength,
  ...maskingSettings,
  ...group("Masking", {
    maskDraws: {
      ...optionalCount(1, "ways in which each text is masked, one an epoch, then from the first again", 10_000),
      otherwise: "another one in every epoch",
    },
    maskSeed: {
      ...optionalCount(0, "decides the masks: heads of several seeds with the same masks share their hidden states"),
      otherwise: "the seed",
    },
  }),
  newDecoder: {
    ...toggle("learn the output matrix too, instead of taking the frozen word embedding"),
    group: trainingSettings.epochs.group,
  },
  maxTexts: {
    ...dataSettings.train,
    ...optionalCount(1, `texts of ${setting("maxLength")} tokens that are read of each file, at most`),
    basic: false,
  },
  devTexts: {
    ...dataSettings.train,
    ...count(1, 256, `texts of ${setting("maxLength")} tokens of each file for evaluation`),
    basic: false,
  },
  ...how,
  epochs: { ...how.epochs, schema: whole(1, 1_000_000).default(2), help: "passes over the text" },
  learningRate: { ...how.learningRate, schema: rate.default(1e-3) },
  cache: cacheSettings.cache,
  cacheSize: cacheSettings.cacheSize,
  ...runtimeSettings,
  resume: {
    ...beginSettings.resume,
    help: "go on from the last checkpoints in the output folder; finished heads are kept",
  },
  overwrite: overwriteSetting,
};

const lamaData = {
  ...dataSettings.train,
  argument: "dir",
  expects: "the folder of LAMA's data",
  help: "folder of LAMA's data: TREx or TREx_template, Google_RE, ConceptNet, Squad, relations.jsonl",
};

/** `probe lama`. */
export const lamaSettings = {
  data: lamaData,
  ...askedSettings,
  ...group("Questions", {
    from: {
      type: "text",
      argument: "list",
      schema: commaList.pipe(z.array(z.enum(lamaSets))).optional(),
      expects: `some of ${lamaSets.join(",")}`,
      help: `parts of LAMA: ${lamaSets.join(",")}`,
      otherwise: "those that are there",
      basic: true,
    },
    relations: {
      type: "text",
      argument: "list",
      schema: commaList.optional(),
      expects: "relations such as P19,P36",
      help: "relations that are asked, such as P19,P36",
      otherwise: "all",
    },
    vocabulary: {
      type: "text",
      argument: "file",
      schema: text.optional(),
      expects: "a file with one answer a line",
      help: "answers that compete, common to the compared models, one a line",
      otherwise: "every word that is one token",
    },
    answers: choice(answerSets, "vocabulary", "what competes: the vocabulary, or the objects of the relation"),
    multiToken: {
      ...toggle(
        `objects of several tokens are asked too, by pseudo-log-likelihood, with ${setting("answers", "objects")}; this is slow`,
      ),
      check: ({ multiToken, answers }) =>
        multiToken === true && answers !== "objects"
          ? { what: "the vocabulary has single tokens", expected: setting("answers", "objects") }
          : undefined,
    },
    uhn: choice(
      uhnFilters,
      "off",
      "LAMA-UHN: answers are left out that stand in the subject (string), or also those that the first set guesses from a person's name (full)",
    ),
    subjects: choice(
      subjectParts,
      "all",
      "which subjects are asked about: all, a fixed fifth of them by hash, or the rest",
    ),
    consistency: toggle("ask in ParaRel's other words too: how often are answers the same?"),
    limit: { ...optionalCount(1, "facts of each relation that are asked, at most"), basic: true },
  }),
  batchSize: trainingSettings.batchSize,
  ...runtimeSettings,
};

/** `probe filter`. */
export const filterSettings = {
  data: lamaData,
  in: {
    ...dataSettings.train,
    expects: "a file of text or relation data",
    help: "training data: plain text, or relations as JSON",
  },
  out: {
    ...dataSettings.out,
    argument: "file",
    expects: "a file to write",
    help:
      "the same data without sentences about the subjects that `probe lama` asks about with " +
      setting("subjects", "fifth"),
  },
  overwrite: overwriteSetting,
};

/** `fill`. */
export const fillSettings = {
  text: {
    ...dataSettings.train,
    expects: "a text with [MASK]",
    help: "a text with [MASK], or the model's own mask such as <mask>; several masks side by side are an answer of as many tokens",
    positional: true,
  },
  ...askedSettings,
  ...group("Questions", {
    top: { ...count(1, 5, "words that are named", 100_000), basic: true },
    candidates: {
      type: "text",
      argument: "list",
      schema: commaList.optional(),
      expects: "words such as Paris,New York",
      help: "words that compete, of one token or several, such as Paris,New York",
      otherwise: "every word that is one token",
      basic: true,
    },
    tokens: {
      ...optionalCount(1, "the one [MASK] stands for an answer of one up to so many tokens", 32),
      expects: "a whole number from 1 to 32",
      otherwise: "as many as there are masks",
      basic: true,
      check: ({ tokens, candidates }: Readonly<Record<string, unknown>>) =>
        tokens !== undefined && candidates !== undefined
          ? { what: "candidates have the lengths that they have", expected: `either it or ${setting("candidates")}` }
          : undefined,
    },
  }),
  ...runtimeSettings,
};

/** `probe recall`. */
export const probeRecallSettings = {
  adapter: {
    ...dataSettings.out,
    argument: "dir|id",
    expects: "an adapter that was taught facts: its folder or Hugging Face id",
    help: "the adapter that was taught facts: a folder or a Hugging Face id",
  },
  beside: {
    ...askedSettings.adapter,
    help: "other adapters that were taught facts, as NAME=DIR: all are asked together, too",
    check: ({ beside = {} }) =>
      Object.hasOwn(beside as object, "adapter") || Object.hasOwn(beside as object, "none")
        ? { what: "another adapter has the name of the asked one or of none", expected: "a name of its own" }
        : undefined,
  },
  backbone: {
    ...dataSettings.backbone,
    schema: text.optional(),
    otherwise: "the one that the adapter was taught beside",
  },
  ...taughtSettings,
  facts: { ...taughtSettings.facts, positional: false },
  wordings: {
    ...taughtSettings.wordings,
    otherwise:
      "the sentences that state the facts, else the package's own wordings or such as the relations' names make",
  },
  ...group("Data", {
    bothDirections: {
      ...directionSetting.bothDirections,
      help: "ask the subject from the object, too; what is answered that way is told apart",
    },
  }),
  others: {
    ...taughtSettings.facts,
    schema: text.optional(),
    help: "facts about subjects that were not taught, asked in the same wordings: how many answers are still the model's own?",
    otherwise: "none is asked",
    positional: false,
  },
  text: {
    ...taughtSettings.text,
    help: "plain text whose hidden words are asked beside the model alone",
    otherwise: "none is asked",
  },
  html: {
    ...dataSettings.out,
    argument: "file",
    schema: text.optional(),
    expects: "a file to write",
    help: "a page with the tables and their plots",
    otherwise: "none is written",
  },
  allRows: {
    ...toggle("list every relation and wording, instead of the 20 and the 10 worst"),
    group: dataSettings.out.group,
  },
  batchSize: trainingSettings.batchSize,
  ...runtimeSettings,
};

export type ProbeRecallSettings = Settings<typeof probeRecallSettings>;
export type TrainHeadSettings = Settings<typeof trainHeadSettings>;
export type LamaSettings = Settings<typeof lamaSettings>;
export type FilterSettings = Settings<typeof filterSettings>;
export type FillSettings = Settings<typeof fillSettings>;
