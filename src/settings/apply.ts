/**
 * Settings of what uses a finished adapter or model, or looks at one.
 * @module
 */
import { z } from "zod";
import { relationFormats } from "../data/relation-data.js";
import { treeFormats } from "../data/tree-data.js";
import { setting } from "../errors.js";
import { treeSettings } from "./linguistic.js";
import { taughtSettings } from "./recall.js";
import { group, type Settings } from "./setting.js";
import { dataSettings, overwriteSetting, partSetting, runtimeSettings, trainingSettings } from "./shared.js";
import { count, files, optionalFiles, text, toggle } from "./values.js";

const formats = [...relationFormats, ...treeFormats] as const;

const adapter = {
  ...dataSettings.out,
  argument: "dir|id",
  expects: "an adapter's folder or Hugging Face id",
  help: "the adapter or the fine-tuned model: a folder or a Hugging Face id",
};

/** The model that an adapter works beside. */
export const backbone = {
  ...dataSettings.backbone,
  schema: text.optional(),
  expects: "a model folder or a Hugging Face id",
  help: "the language model: a folder or a Hugging Face id",
  otherwise: "the one named in the adapter",
};

const format = {
  ...dataSettings.format,
  schema: z.enum(formats).optional(),
  expects: `one of ${formats.join(", ")}`,
  help: `format of the data: ${relationFormats.join(", ")} for relations, ${treeFormats.join(", ")} for trees`,
};

/** A file that is written besides what is printed. */
const writtenFile = { ...dataSettings.out, argument: "file", schema: text.optional(), expects: "a file to write" };

/** Which adapter, as the argument or as a flag. */
export const namedSettings = {
  dir: { ...adapter, schema: text.optional(), positional: true },
  adapter: {
    ...adapter,
    schema: text.optional(),
    help: "the adapter, as the argument",
    check: ({ dir, adapter: flagged }: Readonly<Record<string, unknown>>) =>
      (dir === undefined) === (flagged === undefined)
        ? {
            what: dir === undefined ? "no adapter is given" : "2 adapters are given",
            expected: `one, as argument or as ${setting("adapter")}`,
          }
        : undefined,
  },
};

/** The adapter that was named in one of the two ways. */
export const adapterNamed = ({ dir, adapter: flagged }: Settings<typeof namedSettings>): string => dir ?? flagged ?? "";

/** An adapter, and data to run it on. */
const applySettings = {
  ...namedSettings,
  backbone,
  format,
  tree: {
    ...toggle("take each word's best head, also where such heads form no tree with one root", true),
    group: treeSettings.head.group,
  },
  batchSize: trainingSettings.batchSize,
  ...runtimeSettings,
};

/** `eval`. */
export const evalSettings = {
  ...applySettings,
  tree: {
    ...applySettings.tree,
    ...toggle("measure the maximum spanning trees with one root, instead of each word's best head"),
  },
  data: { ...dataSettings.train, ...files("files of labelled examples", "labelled examples") },
  brokenTrees: treeSettings.brokenTrees,
  wordings: {
    ...taughtSettings.wordings,
    help: `${taughtSettings.wordings.help}, for an adapter that was taught facts`,
  },
  predictions: { ...writtenFile, help: "each example's prediction is written here as a JSON line" },
  overwrite: overwriteSetting,
};

const sentence = (expects: string, help: string) =>
  ({ type: "text", argument: "words", schema: text.optional(), expects, help, basic: true }) as const;

const missingWords = (text: unknown, words: unknown) =>
  typeof text === "string" && typeof words === "string" && !text.includes(words)
    ? { what: `${JSON.stringify(words)} is not in the sentence`, expected: `words of ${setting("text")}` }
    : undefined;

/** `predict`. */
export const predictSettings = {
  ...applySettings,
  data: {
    ...dataSettings.train,
    ...optionalFiles("files of examples", "examples; their answers, if there are any, are not read"),
  },
  ...group("Sentence", {
    text: {
      ...sentence(
        "a sentence",
        `one sentence instead of ${setting("data")}: for trees alone, for relations with its two entities, for facts that were taught with one [MASK]`,
      ),
      argument: "sentence",
      check: ({ data, text, subject, object }) => {
        const typed = [text, subject, object].some((one) => one !== undefined);
        if (data === undefined && text === undefined) {
          return {
            what: "there is nothing to predict",
            expected: `${setting("data")}, or ${setting("text")} (for relations with ${setting("subject")} and ${setting("object")})`,
          };
        }
        return data !== undefined && typed
          ? { what: `${setting("data")} is given, too`, expected: "one of them" }
          : undefined;
      },
    },
    subject: {
      ...sentence("words of the sentence", `the subject in ${setting("text")}, for relations and entity types`),
      check: ({ text, subject }) => missingWords(text, subject),
    },
    object: {
      ...sentence("words of the sentence", `the object in ${setting("text")}, for relations`),
      check: ({ text, object }) => missingWords(text, object),
    },
  }),
  top: {
    ...count(1, 1, "relations or words that are named for each example", 100_000),
    group: dataSettings.train.group,
    basic: true,
  },
  out: {
    ...writtenFile,
    help: "the answers are written here (JSON lines; trees: CoNLL-U) instead of on stdout",
  },
  overwrite: overwriteSetting,
  part: {
    ...partSetting(
      `answers this run of the examples, such as 0/8, and adds the part to the name of ${setting("out")}: \`cat FILE.*\` puts the parts together as one process would have written them`,
    ),
    check: ({ part, data }: Readonly<Record<string, unknown>>) =>
      part !== undefined && data === undefined
        ? { what: `${setting("part")} is given for one sentence`, expected: `files of examples as ${setting("data")}` }
        : undefined,
  },
};

/** `inspect`. */
export const inspectSettings = {
  path: {
    ...dataSettings.train,
    argument: "path",
    expects: "a folder or a file",
    help: "a model or an adapter by folder or Hugging Face id, a folder of several, a weight file or a data file",
    positional: true,
  },
  format: { ...format, basic: true },
};

/** `verify`. */
export const verifySettings = {
  ...namedSettings,
  backbone,
};

export type EvalSettings = Settings<typeof evalSettings>;
export type PredictSettings = Settings<typeof predictSettings>;
export type InspectSettings = Settings<typeof inspectSettings>;
export type VerifySettings = Settings<typeof verifySettings>;
