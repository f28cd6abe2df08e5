import { z } from "zod";
import { treeFormats } from "../data/tree-data.js";
import { setting } from "../errors.js";
import { alignments, choiceLosses, treeHeads } from "./choices.js";
import { group, type Settings } from "./setting.js";
import {
  adapterSettings,
  cacheSettings,
  dataSettings,
  leafSettings,
  runtimeSettings,
  trainingSettings,
} from "./shared.js";
import { choice, count, files, optionalFiles, text, toggle } from "./values.js";

const trees = "files of dependency trees";

/** What is learnt of trees, and how. */
export const treeSettings = group("Objective", {
  head: choice(
    treeHeads,
    "biaffine",
    "how heads are told: biaffine (words are compared with words) or official (positions are classes, as in the released code)",
  ),
  loss: choice(
    choiceLosses,
    "cross-entropy",
    "cross-entropy, or bce: binary cross-entropy with logits, as in the paper",
  ),
  las: toggle(`learn the relations (DEPREL without subtypes) too, with ${setting("head", "biaffine")}`),
  alignment: choice(
    alignments,
    "words",
    "which token stands for a word: words (its first sub-word) or official (the n-th token stands for the n-th word, as in the released code)",
  ),
  arcSize: count(1, 384, "width of the vectors that the biaffine head compares", 65536),
  brokenTrees: choice(
    ["error", "skip"],
    "error",
    "what becomes of a sentence whose heads are no tree with one root: error, or skip: it is left out and counted",
  ),
});

/** `pretrain linguistic`. */
export const linguisticSettings = {
  ...dataSettings,
  train: { ...dataSettings.train, ...files(trees, "training trees: CoNLL-U or find_head files") },
  dev: {
    ...dataSettings.dev,
    ...optionalFiles(trees, "trees that choose the best parameters"),
    otherwise: "a tenth of the training trees is held out",
  },
  format: {
    ...dataSettings.format,
    schema: z.enum(treeFormats).optional(),
    expects: `one of ${treeFormats.join(", ")}`,
    help: `format of the data: ${treeFormats.join(", ")}`,
  },
  parseWith: {
    ...dataSettings.format,
    argument: "dir|id",
    schema: text.optional(),
    expects: "a linguistic adapter's folder or Hugging Face id",
    help: `a finished linguistic adapter that parses those files of ${setting("train")} that hold plain text`,
    otherwise: "all files hold trees",
  },
  ...treeSettings,
  ...adapterSettings,
  ...trainingSettings,
  ...leafSettings,
  ...cacheSettings,
  ...runtimeSettings,
};

export type LinguisticSettings = Settings<typeof linguisticSettings>;
