import { z } from "zod";
import { setting } from "../errors.js";
import { recallParts } from "./choices.js";
import { experimentOut, moreRelationFiles, seeds } from "./experiment-shared.js";
import { recallSettings } from "./recall.js";
import { group, type Settings } from "./setting.js";
import { dataSettings } from "./shared.js";
import { count, listOf, text, whole } from "./values.js";

const {
  seed: _seed,
  facts,
  wordings,
  text: plain,
  backbone: _backbone,
  bothDirections: _both,
  ...taught
} = recallSettings;

const counts = (usual: readonly number[], help: string) =>
  ({
    type: "text",
    argument: "list",
    schema: listOf(whole(1, 1_000_000)).default([...usual]),
    expects: `numbers such as ${usual.join(",")}`,
    help,
  }) as const;

/** Parts that read sentences. */
const readingParts = ["reading", "both"] as const satisfies readonly (typeof recallParts)[number][];

/** Complains where a part needs a file that is not given. */
const neededBy =
  (parts: readonly string[], key: string, expected: string) => (settings: Readonly<Record<string, unknown>>) => {
    const part = parts.find((one) => (settings["parts"] as readonly string[]).includes(one));
    return settings[key] === undefined && part !== undefined
      ? { what: `${setting(key)} is missing, and the part ${part} needs it`, expected }
      : undefined;
  };

/** A file of relation data for some parts. */
const partFile = (parts: readonly string[], key: string, help: string) => ({
  ...moreRelationFiles(help, "none"),
  ...{ argument: "file", schema: text.optional(), expects: "a file of relation data" },
  check: neededBy(parts, key, "a file of relation data"),
});

/** `experiment recall`. */
export const recallExperimentSettings = {
  facts: { ...facts, positional: false, help: "facts to draw from, such as LAMA's folder TREx_template" },
  wordings: {
    ...wordings,
    ...dataSettings.train,
    expects: "a file or folder of wordings",
    help: "wordings of the relations, such as ParaRel's folder: two of each are held out, relations with fewer than four are left out",
  },
  askedText: {
    ...plain,
    ...dataSettings.train,
    schema: plain.schema.unwrap(),
    argument: "file...",
    expects: "files of plain text",
    help: "plain text whose hidden words are asked, before and after; it is not learnt",
  },
  backbone: dataSettings.backbone,
  parts: {
    ...dataSettings.train,
    argument: "list",
    schema: listOf(z.enum(recallParts)).default(
      recallParts.filter((part) => !(readingParts as readonly string[]).includes(part)),
    ),
    expects: `some of ${recallParts.join(",")}`,
    help: `tables: ${recallParts.join(", ")}`,
    otherwise: `all but ${readingParts.join(" and ")}, which need more data`,
  },
  sentences: partFile(
    readingParts,
    "sentences",
    `relation data whose sentences are read, for ${readingParts.join(" and ")}`,
  ),
  relationTrain: partFile(
    ["both"],
    "relationTrain",
    "relation data on which a task is learnt beside the adapters, for both",
  ),
  relationTest: partFile(["both"], "relationTest", "relation data on which that task is tested, for both"),
  lama: {
    ...dataSettings.dev,
    argument: "dir",
    expects: "the folder of LAMA's data",
    help: "folder of LAMA's data, by whose templates is asked what was read: TREx_template, relations.jsonl, common_vocab_cased.txt",
    otherwise: "none",
    check: neededBy(readingParts, "lama", "the folder of LAMA's data"),
  },
  seeds,
  ...group("Sample", {
    counts: { ...counts([300, 3000, 1_000_000], "numbers of facts; of more than there are, all"), basic: true },
    sizes: counts([64, 128, 256, 512], "hidden sizes of adapters, each with the first seed"),
    few: count(1, 300, "facts of twins and of controls"),
    packSize: count(1, 750, "facts of a pack"),
    packs: count(1, 4, "packs", 64),
    joinedShare: {
      type: "number",
      argument: "x",
      schema: z.number().positive().max(1).default(0.2),
      expects: "a number above 0, at most 1",
      help: "share of each pack's facts that a joiner is taught",
    },
    readSentences: count(1, 5000, "sentences that are read, at most"),
    askedFacts: count(1, 1000, "facts that are asked in each table (of LAMA's: of each relation), at most"),
    askedOthers: count(1, 500, "facts about subjects that were not taught, at most"),
    askedLines: count(1, 200, "lines of the plain text, at most"),
  }),
  ...taught,
  text: { ...plain, help: "plain text that is learnt beside the facts" },
  out: experimentOut,
};

export type RecallExperimentSettings = Settings<typeof recallExperimentSettings>;
