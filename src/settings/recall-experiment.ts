import { z } from "zod";
import { recallParts } from "./choices.js";
import { experimentOut, seeds } from "./experiment-shared.js";
import { recallSettings } from "./recall.js";
import { group, type Settings } from "./setting.js";
import { dataSettings } from "./shared.js";
import { count, listOf, whole } from "./values.js";

const { seed: _seed, facts, wordings, text, backbone: _backbone, bothDirections: _both, ...taught } = recallSettings;

const counts = (usual: readonly number[], help: string) =>
  ({
    type: "text",
    argument: "list",
    schema: listOf(whole(1, 1_000_000)).default([...usual]),
    expects: `numbers such as ${usual.join(",")}`,
    help,
  }) as const;

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
    ...text,
    ...dataSettings.train,
    schema: text.schema.unwrap(),
    argument: "file...",
    expects: "files of plain text",
    help: "plain text whose hidden words are asked, before and after; it is not learnt",
  },
  backbone: dataSettings.backbone,
  parts: {
    ...dataSettings.train,
    argument: "list",
    schema: listOf(z.enum(recallParts)).default([...recallParts]),
    expects: `some of ${recallParts.join(",")}`,
    help: `tables: ${recallParts.join(", ")}`,
    otherwise: "all",
  },
  seeds,
  ...group("Sample", {
    counts: { ...counts([300, 3000, 1_000_000], "numbers of facts; of more than there are, all"), basic: true },
    sizes: counts([64, 128, 256, 512], "hidden sizes of adapters, each with the first seed"),
    few: count(1, 300, "facts of twins and of controls"),
    packSize: count(1, 750, "facts of a pack"),
    packs: count(1, 4, "packs", 64),
    askedFacts: count(1, 1000, "facts that are asked in each table, at most"),
    askedOthers: count(1, 500, "facts about subjects that were not taught, at most"),
    askedLines: count(1, 200, "lines of the plain text, at most"),
  }),
  ...taught,
  text: { ...text, help: "plain text that is learnt beside the facts" },
  out: experimentOut,
};

export type RecallExperimentSettings = Settings<typeof recallExperimentSettings>;
