/**
 * The options of `kadapter probe` and `kadapter fill`.
 * @module
 */
import { z } from "zod";
import { lamaSets } from "../data/lama.js";
import { userError } from "../errors.js";
import { answerSets, subjectParts, uhnFilters } from "../probing/lama.js";
import { overwriteSpec } from "./commands/common.js";
import { maskingSpecs } from "./masking-options.js";
import { cacheSpecs, dataSpecs, fileList, runtimeSpecs, text, trainingSpecs, whole } from "./options.js";
import { type Options, option } from "./spec.js";

/** `a,b,c` as a list. */
const commaList = z.preprocess(
  (given) => (typeof given === "string" ? given.split(",").map((part) => part.trim()) : given),
  z.array(text).min(1),
);

const namedFolder = /^([\w.-]+)=(.+)$/;

/** `facts=runs/facts`: folders by name. */
const namedFolders = fileList
  .refine((given) => given.every((one) => namedFolder.test(one)))
  .transform((given) =>
    Object.fromEntries(given.map((one) => (namedFolder.exec(one) ?? []).slice(1, 3)) as [string, string][]),
  );

const adapterSpec = option({
  flags: "--adapter <name=dir...>",
  kind: "text",
  schema: namedFolders.default({}),
  expects: "adapters as NAME=DIR",
  help: "adapters by name, such as facts=runs/facts",
});

/** `none`, `facts`, `facts+trees`. */
const setsSpec = option({
  flags: "--sets <list>",
  kind: "text",
  schema: commaList.optional(),
  expects: "sets of adapters such as none,facts,facts+trees",
  help: "sets of adapters such as none,facts,facts+trees (default: all there are)",
});

/** Which model is asked. */
const modelSpecs = {
  heads: option({
    flags: "--heads <dir...>",
    kind: "text",
    schema: fileList.default([]),
    expects: "folders of trained heads",
    help: "heads that `probe train-head` has trained, or a folder of them (default: the backbone's own head)",
  }),
  backbone: option({
    ...dataSpecs.backbone,
    schema: text.optional(),
    help: "the language model (default: the one named in the heads, else the package's own)",
  }),
  adapter: option({ ...adapterSpec, help: "adapters, as NAME=DIR, that are not where the heads say" }),
  sets: setsSpec,
};

const { epochs, maxSteps, batchSize, learningRate, warmup, weightDecay, maxGradNorm, seed } = trainingSpecs;
const { evalEvery, saveEvery, patience } = trainingSpecs;

export const trainHeadSpecs = {
  backbone: dataSpecs.backbone,
  adapter: adapterSpec,
  sets: option({
    ...setsSpec,
    help: "sets of adapters to train a head for (default: none, each adapter alone, and all together)",
  }),
  train: option({
    ...dataSpecs.train,
    flags: "--train <file...>",
    schema: fileList,
    expects: "files of plain text",
    help: "plain text, gzipped or not: a sentence or paragraph a line",
  }),
  dev: option({
    ...dataSpecs.dev,
    flags: "--dev <file...>",
    schema: fileList,
    expects: "files of plain text",
    help: "text for evaluation",
  }),
  out: option({ ...dataSpecs.out, expects: "a folder", help: "folder for the heads, one for each set" }),
  maxLength: dataSpecs.maxLength,
  ...maskingSpecs,
  maskDraws: option({
    flags: "--mask-draws <n>",
    kind: "number",
    schema: whole(1, 10_000).optional(),
    expects: "a whole number from 1",
    help: "ways in which each text is masked, one an epoch, then from the first again (default: another in every epoch)",
  }),
  maskSeed: option({
    flags: "--mask-seed <n>",
    kind: "number",
    schema: whole(0).optional(),
    expects: "a whole number from 0",
    help: "decides the masks: heads of several seeds with the same masks share their hidden states (default: the seed)",
  }),
  newDecoder: option({
    flags: "--new-decoder",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "learn the output matrix too, instead of the frozen word embedding",
  }),
  maxTexts: option({
    flags: "--max-texts <n>",
    kind: "number",
    schema: whole(1).optional(),
    expects: "a whole number from 1",
    help: "read this many texts of --max-length tokens of each file at most",
  }),
  devTexts: option({
    flags: "--dev-texts <n>",
    kind: "number",
    schema: whole(1).default(256),
    expects: "a whole number from 1",
    help: "texts of --max-length tokens of each file for evaluation (default 256)",
  }),
  epochs: option({ ...epochs, schema: whole(1, 1_000_000).default(2), help: "passes over the text (default 2)" }),
  maxSteps,
  batchSize,
  learningRate: option({
    ...learningRate,
    schema: z.number().positive().max(1).default(1e-3),
    help: "highest learning rate (default 1e-3)",
  }),
  warmup,
  weightDecay,
  maxGradNorm,
  seed,
  evalEvery,
  saveEvery,
  patience,
  cache: cacheSpecs.cache,
  cacheSize: cacheSpecs.cacheSize,
  ...runtimeSpecs,
  resume: option({
    flags: "--resume",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "go on from the last checkpoints in the output folder; finished heads are kept",
  }),
  overwrite: overwriteSpec,
};

export type TrainHeadOptions = Options<typeof trainHeadSpecs>;

const lamaData = option({
  flags: "--data <dir>",
  kind: "text",
  schema: text,
  expects: "the folder of LAMA's data",
  help: "folder of LAMA's data: TREx or TREx_template, Google_RE, ConceptNet, Squad, relations.jsonl",
});

export const probeLamaSpecs = {
  data: lamaData,
  ...modelSpecs,
  from: option({
    flags: "--from <list>",
    kind: "text",
    schema: commaList.pipe(z.array(z.enum(lamaSets))).optional(),
    expects: `some of ${lamaSets.join(",")}`,
    help: `parts of LAMA: ${lamaSets.join(",")} (default: those that are there)`,
  }),
  relations: option({
    flags: "--relations <list>",
    kind: "text",
    schema: commaList.optional(),
    expects: "relations such as P19,P36",
    help: "ask these relations alone, such as P19,P36",
  }),
  vocabulary: option({
    flags: "--vocabulary <file>",
    kind: "text",
    schema: text.optional(),
    expects: "a file with one answer a line",
    help: "answers that compete, common to the compared models, one a line (default: every word that is one token)",
  }),
  answers: option({
    flags: "--answers <name>",
    kind: "text",
    schema: z.enum(answerSets).default("vocabulary"),
    expects: answerSets.join(" or "),
    help: "what competes: the vocabulary, or the objects of the relation (default vocabulary)",
  }),
  multiToken: option({
    flags: "--multi-token",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "with --answers objects: objects of several tokens too, by pseudo-log-likelihood (slow)",
  }),
  uhn: option({
    flags: "--uhn <name>",
    kind: "text",
    schema: z.enum(uhnFilters).default("off"),
    expects: uhnFilters.join(", "),
    help: "LAMA-UHN: leave out answers that stand in the subject (string), or also those that the first set guesses from a person's name (full) (default off)",
  }),
  subjects: option({
    flags: "--subjects <part>",
    kind: "text",
    schema: z.enum(subjectParts).default("all"),
    expects: subjectParts.join(", "),
    help: "ask about all subjects, a fixed fifth of them by hash, or the rest (default all)",
  }),
  consistency: option({
    flags: "--consistency",
    kind: "switch",
    schema: z.boolean().default(false),
    expects: "true or false",
    help: "also ask in ParaRel's other words: how often are answers the same?",
  }),
  limit: option({
    flags: "--limit <n>",
    kind: "number",
    schema: whole(1).optional(),
    expects: "a whole number from 1",
    help: "ask this many facts of each relation at most",
  }),
  batchSize,
  ...runtimeSpecs,
};

export type ProbeLamaOptions = Options<typeof probeLamaSpecs>;

export const filterSpecs = {
  data: lamaData,
  input: option({
    flags: "--in <file>",
    kind: "text",
    schema: text,
    expects: "a file of text or relation data",
    help: "training data: plain text, or relations as JSON",
  }),
  out: option({
    flags: "--out <file>",
    kind: "text",
    schema: text,
    expects: "a file to write",
    help: "the same data without sentences about the subjects that `probe lama --subjects fifth` asks about",
  }),
  overwrite: overwriteSpec,
};

export type FilterOptions = Options<typeof filterSpecs>;

export const fillSpecs = {
  ...modelSpecs,
  top: option({
    flags: "--top <n>",
    kind: "number",
    schema: whole(1, 100_000).default(5),
    expects: "a whole number from 1",
    help: "words to name (default 5)",
  }),
  candidates: option({
    flags: "--candidates <list>",
    kind: "text",
    schema: commaList.optional(),
    expects: "words such as Paris,New York",
    help: "words that compete, of one token or several, such as Paris,New York",
  }),
  ...runtimeSpecs,
};

export type FillOptions = Options<typeof fillSpecs> & { readonly text: string };

/** Sets as lists of names, each of which is an adapter that was given. */
export function adapterSets(
  sets: readonly string[] | undefined,
  names: readonly string[],
): readonly (readonly string[])[] {
  if (sets === undefined) {
    const each = names.map((name) => [name]);
    return names.length > 1 ? [[], ...each, names] : [[], ...each];
  }
  return sets.map((set) => {
    const wanted = set === "none" ? [] : set.split("+");
    const unknown = wanted.find((name) => !names.includes(name));
    if (unknown === undefined) return wanted;
    throw userError({
      where: "--sets",
      what: `there is no adapter ${JSON.stringify(unknown)}`,
      expected: names.length === 0 ? "adapters, given with --adapter NAME=DIR" : `some of ${names.join(", ")}, or none`,
    });
  });
}
