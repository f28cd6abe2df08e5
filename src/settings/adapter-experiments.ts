/**
 * Settings of the experiments on what adapters bring: `experiment linguistic`, `precision`, `lama` and `downstream`.
 * @module
 */
import { z } from "zod";
import { setting } from "../errors.js";
import { downstreamAdapters, downstreamBaselines, downstreamKinds, linguisticRows } from "./choices.js";
import { experimentOut, moreRelationFiles, seeds } from "./experiment-shared.js";
import { factualSettings } from "./factual.js";
import { finetuneSettings } from "./finetune.js";
import { maskingSettings } from "./language-model.js";
import { linguisticSettings } from "./linguistic.js";
import { group, type Settings } from "./setting.js";
import { dataSettings, trainingSettings } from "./shared.js";
import { count, fileList, files, listOf, optionalCount, rate, text, toggle, whole } from "./values.js";

const { seed: _, features: _features, freezeAdapter: _freeze, parseWith: _parse, ...linguistic } = linguisticSettings;

/** `experiment linguistic`. */
export const linguisticExperimentSettings = {
  ...linguistic,
  test: { ...linguistic.train, help: "trees that the best parameters by the dev data are asked about, once" },
  out: experimentOut,
  rows: {
    ...dataSettings.train,
    argument: "list",
    schema: listOf(z.enum(linguisticRows)).default([...linguisticRows]),
    expects: `some of ${linguisticRows.join(",")}`,
    help: "rows of the table: last (no adapter), random and copies (untrained adapters), adapter (a trained one)",
    otherwise: "all",
  },
  seeds,
};

const { seed: _seed, features: _read, freezeAdapter: _frozen, ...factual } = factualSettings;
const { cacheDtype: _dtype, backbonePrecision: _precision, ...precision } = factual;

/** `experiment precision`. */
export const precisionSettings = {
  ...precision,
  out: experimentOut,
  objective: {
    ...factual.objective,
    schema: z.enum(["own-output", "classification"]).default("own-output"),
    expects: "own-output or classification",
    help: "what facts are learnt by: own-output (one layer on the adapter's output alone) or classification (the paper's head on the adapter's output and the model's)",
  },
  seeds,
};

const { train: _train, dev: _dev, format: _format, minEntityPairs: _pairs, ...facts } = factual;

/** `experiment lama`. */
export const lamaExperimentSettings = {
  ...facts,
  out: experimentOut,
  lama: {
    ...dataSettings.train,
    argument: "dir",
    expects: "the folder of LAMA's data",
    help: "folder of LAMA's data: TREx, Google_RE, relations.jsonl, common_vocab_cased.txt",
  },
  relations: { ...dataSettings.train, help: "relation data that adapters learn from" },
  relationsDev: { ...dataSettings.train, help: "relation data that choose their best parameters" },
  text: { ...dataSettings.train, ...files("files of plain text", "plain text that heads learn from") },
  textDev: { ...dataSettings.train, ...files("files of plain text", "text that chooses the heads' best parameters") },
  seeds,
  seen: {
    ...seeds,
    schema: z.union([z.literal("none").transform(() => []), seeds.schema]),
    expects: "some of the seeds, or none",
    help: "seeds with which an adapter is trained without leaving out the asked subjects, too, as in the paper",
  },
  ownHead: { ...toggle("ask the backbone's own head, too"), group: dataSettings.train.group },
  ...group("Sample", {
    sentences: { ...count(1, 8000, "sentences that adapters learn from, at most"), basic: true },
    texts: { ...count(1, 800, `texts of ${setting("maxLength")} tokens of each file, at most`), basic: true },
  }),
  ...group("Heads", {
    maskRate: maskingSettings.maskRate,
    maskDraws: {
      ...optionalCount(1, "ways in which each text is masked, one an epoch, then from the first again", 10_000),
      otherwise: "another one in every epoch",
    },
    headEpochs: { ...count(1, 3, "passes of a head's training over the text", 1_000_000), basic: true },
    headBatchSize: count(1, 8, "texts in one step of a head's training", 65536),
    lmHeadLearningRate: {
      ...trainingSettings.learningRate,
      schema: rate.default(3e-3),
      help: "highest learning rate of a head",
      basic: false,
    },
  }),
};

const kinds = downstreamKinds.join("|");
const taskPattern = new RegExp(`^([\\w.-]+):(${kinds})=([^,]+(?:,[^,]+){1,2})$`);

/** `semeval:relations=train.json,dev.json,test.json`; with two files, the second one is the test data. */
const tasks = fileList
  .refine((given) => given.every((one) => taskPattern.test(one)))
  .transform((given) =>
    given.map((one) => {
      const [, name = "", kind = "", list = ""] = taskPattern.exec(one) ?? [];
      const [train = "", ...rest] = list.split(",");
      const dev = rest.length > 1 ? rest[0] : undefined;
      return { name, kind: kind as (typeof downstreamKinds)[number], train, dev, test: rest.at(-1) ?? "" };
    }),
  )
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length);

const adapterNames: readonly string[] = downstreamAdapters;
const baselineNames: readonly string[] = downstreamBaselines;

/** Names of rows: a baseline, or different adapters joined with `+`. */
const row = text.refine((given) => {
  const parts = given.split("+");
  const known = parts.every((part) => adapterNames.includes(part)) && new Set(parts).size === parts.length;
  return baselineNames.includes(given) || known;
});

const rows = (all: readonly string[], help: string) =>
  ({
    ...dataSettings.train,
    argument: "list",
    schema: listOf(row).default([...all]),
    expects: `some of ${[...baselineNames, ...adapterNames].join(", ")}, or adapters joined with +`,
    help,
  }) as const;

/** Complains where files are not given that some row learns from. */
const neededBy =
  (names: readonly string[], key: string, expected: string) => (settings: Readonly<Record<string, unknown>>) => {
    const list = (name: string) => settings[name] as readonly string[];
    const all = [...list("rows"), ...(list("trainedTasks").length > 0 ? list("trainedRows") : [])];
    const using = all.find((one) => one.split("+").some((part) => names.includes(part)));
    return settings[key] === undefined && using !== undefined
      ? { what: `${setting(key)} is missing, and the row ${using} learns from it`, expected }
      : undefined;
  };
const factRows = (key: string) => neededBy(["F", "random", "copies", "multitask"], key, "files of relation data");
const treeRows = (key: string) => neededBy(["L", "multitask"], key, "files of dependency trees");

/** `experiment downstream`. */
export const downstreamSettings = {
  ...facts,
  out: experimentOut,
  objective: {
    ...facts.objective,
    schema: facts.objective.schema.unwrap().default("classification"),
    help: `${facts.objective.help}; as in the paper by default`,
  },
  epochs: { ...facts.epochs, schema: whole(1, 1_000_000).default(1), help: "passes of an adapter's training" },
  maxLength: { ...facts.maxLength, help: "longest sentence that adapters learn from, in tokens" },
  tasks: {
    ...dataSettings.train,
    argument: "name:kind=files...",
    schema: tasks,
    expects: `NAME:KIND=TRAIN,DEV,TEST, each name once; kinds: ${downstreamKinds.join(", ")}`,
    help: `tasks, a table each: NAME:KIND=TRAIN,DEV,TEST, or TRAIN,TEST: a tenth of the training data is held out; kinds: ${downstreamKinds.join(", ")}`,
  },
  facts: {
    ...moreRelationFiles("relation data that F learns from, without the relations and sentences of tests", "none"),
    check: factRows("facts"),
  },
  factsDev: {
    ...moreRelationFiles("relation data that choose F's best parameters", "none"),
    check: factRows("factsDev"),
  },
  ids: {
    ...dataSettings.format,
    argument: "file",
    schema: text.optional(),
    expects: "a file such as FewRel's pid2name.json",
    help: "ids of relations, so that those of several data sets can be compared: FewRel's pid2name.json",
    otherwise: "relations are compared by name",
  },
  trees: {
    ...moreRelationFiles("dependency trees that L learns from", "none"),
    check: treeRows("trees"),
  },
  treesDev: {
    ...moreRelationFiles("trees that choose L's best parameters", "none"),
    check: treeRows("treesDev"),
  },
  seeds,
  rows: rows(
    ["none", "taps", "random", "copies", "random+copies", "F", "L", "F+L"],
    "rows of the tables, the model frozen: none and taps (no adapter), random and copies (untrained ones), F (facts), L (trees)",
  ),
  trainedTasks: {
    ...dataSettings.train,
    argument: "list",
    schema: listOf(text).default([]),
    expects: `names of ${setting("tasks")}`,
    help: "tasks that have a table with the model trained, too",
    otherwise: "none",
    check: ({ trainedTasks, tasks: all }: Readonly<Record<string, unknown>>) => {
      const names = (all as readonly { readonly name: string }[]).map(({ name }) => name);
      const strange = (trainedTasks as readonly string[]).find((name) => !names.includes(name));
      return strange === undefined
        ? undefined
        : { what: `there is no task ${strange}`, expected: `some of ${names.join(", ")}` };
    },
  },
  trainedRows: rows(
    ["none", "random", "F+L", "multitask"],
    "rows of those tables; multitask: the model that has learnt facts and trees itself",
  ),
  ...group("Sample", {
    sentences: { ...count(1, 20_000, "sentences that F learns from, at most"), basic: true },
    devSentences: count(1, 1000, "sentences that choose F's best parameters, at most"),
  }),
  ...group("Tasks", {
    taskMaxLength: { ...finetuneSettings.maxLength, help: "longest text of a task, in tokens" },
    headEpochs: { ...count(1, 5, "passes over a task's data, the model frozen", 1_000_000), basic: true },
    trainedEpochs: count(1, 3, "passes over a task's data where the model is trained", 1_000_000),
    modelLearningRate: {
      ...trainingSettings.learningRate,
      schema: rate.default(5e-5),
      help: "highest learning rate of the model, where it is trained",
      basic: false,
    },
  }),
  arcSize: linguisticSettings.arcSize,
};

export type LinguisticExperimentSettings = Settings<typeof linguisticExperimentSettings>;
export type PrecisionSettings = Settings<typeof precisionSettings>;
export type LamaExperimentSettings = Settings<typeof lamaExperimentSettings>;
export type DownstreamSettings = Settings<typeof downstreamSettings>;
