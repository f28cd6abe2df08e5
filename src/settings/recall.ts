import { z } from "zod";
import { group, type Settings } from "./setting.js";
import {
  adapterSettings,
  cacheSettings,
  dataSettings,
  leafSettings,
  runtimeSettings,
  trainingSettings,
} from "./shared.js";
import { choice, count, fileList, rate, text, toggle, whole } from "./values.js";

/** The facts, and what they are said in. */
export const taughtSettings = {
  facts: {
    ...dataSettings.train,
    expects: "a file of facts",
    help: "facts: CSV or TSV with the header subject,relation,object, JSON Lines, LAMA's files, or sentences with two marked entities and their relation, as `pretrain factual` reads them",
    positional: true,
  },
  wordings: {
    ...dataSettings.dev,
    expects: "a file or folder of wordings",
    help: "sentences with [X] for the subject and [Y] for the object: JSON Lines with relation and pattern, YAML, or ParaRel's folder",
    otherwise:
      "the package's own of common relations, else made from the relations' names; none where the facts stand in sentences",
  },
  text: {
    ...dataSettings.dev,
    argument: "file...",
    schema: fileList.optional(),
    expects: "files of plain text",
    help: "plain text beside which what the model says is to stay as it is",
    otherwise: "the package's own sentences",
  },
};

/** Whether subjects are asked too. */
export const directionSetting = {
  bothDirections: { ...toggle("hide the subject, too, so that it is asked from the object"), basic: true },
};

const share = z.number().min(0).max(100);

const recallOwn = group("Recall", {
  ...directionSetting,
  neighbours: {
    ...choice(
      ["keep", "prior"],
      "keep",
      "what becomes of subjects that were not taught: keep (their answers are kept) or prior (they are left to what the facts have in common)",
    ),
    basic: true,
  },
  gate: {
    ...toggle(
      "keep them by the loss alone; else the adapter has a say only in sentences that name a taught subject, and all others are the model's own, to the bit",
      true,
    ),
    basic: true,
  },
  keep: {
    type: "number",
    argument: "x",
    schema: z.number().min(0).max(1000).default(3),
    expects: "a number from 0",
    help: "weight of what is to stay as it is (the divergence from the model alone) beside the facts",
  },
  margin: {
    type: "number",
    argument: "x",
    schema: z.number().min(0).max(100).default(10),
    expects: "a number from 0 to 100",
    help: "logits by which an answer is to win over all other words in the wordings that are taught, so that it wins in others too",
  },
  wordingsPerFact: count(1, 8, "questions of each fact in an epoch, in as many wordings as it has", 1000),
  wordDropout: {
    type: "number",
    argument: "x",
    schema: z.number().min(0).max(0.9).default(0.2),
    expects: "a number from 0 to 0.9",
    help: "share of a wording's words that are left out, in half of the questions, so that facts answer in other wordings too",
  },
  textShare: {
    type: "number",
    argument: "x",
    schema: share.default(0.5),
    expects: "a number from 0",
    help: "lines of text for each question that is taught",
  },
  neighbourShare: {
    type: "number",
    argument: "x",
    schema: share.default(0.5),
    expects: "a number from 0",
    help: `questions about other subjects for each that is taught, where the loss keeps their answers`,
  },
  asked: count(1, 500, "facts that are asked in each evaluation, at most, each in a wording that it is not taught in"),
});

const { features, headInit, ...shape } = adapterSettings;

/** `teach`: plain JSON once resolved, stored in `adapter_config.json`. */
export const recallSettings = {
  ...taughtSettings,
  backbone: {
    ...dataSettings.backbone,
    schema: text.optional(),
    otherwise: "the package's own",
  },
  out: dataSettings.out,
  maxLength: dataSettings.maxLength,
  ...recallOwn,
  ...shape,
  ...trainingSettings,
  ...leafSettings,
  epochs: { ...trainingSettings.epochs, schema: whole(1, 1_000_000).default(10) },
  batchSize: { ...trainingSettings.batchSize, schema: whole(1, 65536).default(64) },
  learningRate: { ...trainingSettings.learningRate, schema: rate.default(3e-4) },
  dropout: { ...trainingSettings.dropout, schema: z.number().min(0).lt(1).default(0) },
  ...cacheSettings,
  cacheDtype: { ...cacheSettings.cacheDtype, schema: z.enum(["float16", "float32"]).default("float32") },
  ...runtimeSettings,
};

export type RecallSettings = Settings<typeof recallSettings>;
