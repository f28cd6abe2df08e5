/**
 * The options of `pretrain linguistic`: those of every pre-training, and its own.
 * @module
 */
import { z } from "zod";
import { treeFormats } from "../data/tree-data.js";
import { choiceLosses } from "../tasks/losses.js";
import { alignments, treeHeads } from "../tasks/trees/head-prediction.js";
import {
  adapterSpecs,
  cacheSpecs,
  checkHeads,
  dataSpecs,
  fileList,
  runtimeSpecs,
  trainingSpecs,
  whole,
} from "./options.js";
import { type GivenOptions, type Options, option, resolveOptions } from "./spec.js";

/** What `pretrain linguistic` alone takes. */
export const linguisticOwnSpecs = {
  head: option({
    flags: "--head <name>",
    kind: "text",
    schema: z.enum(treeHeads).default("biaffine"),
    expects: "biaffine or official",
    help: "biaffine: words are compared with words; official: positions are classes, as in the released code (default biaffine)",
  }),
  loss: option({
    flags: "--loss <name>",
    kind: "text",
    schema: z.enum(choiceLosses).default("cross-entropy"),
    expects: "cross-entropy or bce",
    help: "cross-entropy, or bce: binary cross-entropy with logits, as in the paper (default cross-entropy)",
  }),
  las: option({
    flags: "--las",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "learn the relations (DEPREL without subtypes) too; biaffine head only",
  }),
  alignment: option({
    flags: "--alignment <name>",
    kind: "text",
    schema: z.enum(alignments).default("words"),
    expects: "words or official",
    help: "words: the first sub-word stands for its word; official: the n-th token for the n-th word, as in the released code (default words)",
  }),
  arcSize: option({
    flags: "--arc-size <n>",
    kind: "number",
    schema: whole(1, 65536).default(384),
    expects: "a whole number from 1",
    help: "width of the vectors that the biaffine head compares (default 384)",
  }),
  brokenTrees: option({
    flags: "--broken-trees <what>",
    kind: "text",
    schema: z.enum(["error", "skip"]).default("error"),
    expects: "error or skip",
    help: "a sentence whose heads are no tree with one root: an error, or left out and counted (default error)",
  }),
};

/** Every option of `pretrain linguistic` that a recipe may hold. */
export const linguisticSpecs = {
  backbone: dataSpecs.backbone,
  train: option({
    ...dataSpecs.train,
    flags: "--train <file...>",
    schema: fileList,
    expects: "files of dependency trees",
    help: "training trees: CoNLL-U or find_head files",
  }),
  dev: option({
    ...dataSpecs.dev,
    flags: "--dev <file...>",
    schema: fileList,
    expects: "files of dependency trees",
    help: "trees for evaluation",
  }),
  out: dataSpecs.out,
  format: option({
    ...dataSpecs.format,
    schema: z.enum(treeFormats).optional(),
    expects: `one of ${treeFormats.join(", ")}`,
    help: `data format: ${treeFormats.join(", ")}; recognised by content if not given`,
  }),
  maxLength: dataSpecs.maxLength,
  ...linguisticOwnSpecs,
  ...adapterSpecs,
  ...trainingSpecs,
  ...cacheSpecs,
  ...runtimeSpecs,
};

/** The resolved options of `pretrain linguistic`. */
export type LinguisticOptions = Options<typeof linguisticSpecs>;

/** The options of `pretrain linguistic`, as {@link resolveFactualOptions} has those of `pretrain factual`. */
export function resolveLinguisticOptions(flags: GivenOptions, recipe: GivenOptions = new Map()): LinguisticOptions {
  const options = resolveOptions(linguisticSpecs, flags, recipe);
  checkHeads(options, flags, recipe);
  return options;
}
