/**
 * Settings of `data sample`.
 * @module
 */
import { z } from "zod";
import { downstreamSettings } from "./adapter-experiments.js";
import { moreRelationFiles, relationFiles } from "./experiment-shared.js";
import { group, type Settings } from "./setting.js";
import { dataSettings, trainingSettings } from "./shared.js";
import { optionalCount, toggle, whole } from "./values.js";

/** Shares of the subjects: `80,10,10`. */
const shares = z
  .preprocess(
    (given) => (typeof given === "string" ? given.split(",").map(Number) : given),
    z.array(z.number().min(0).max(1e6)).min(2).max(3),
  )
  .transform(([train = 0, dev = 0, test = 0]) => ({ train, dev, test }))
  .refine(({ train, dev, test }) => train + dev + test > 0);

/** `data sample`. */
export const sampleSettings = {
  data: relationFiles("relation data in any of the formats"),
  out: {
    ...dataSettings.out,
    argument: "file",
    expects: "a file to write",
    help: "the sample, as JSON lines in Wiki80's form",
  },
  limit: { ...optionalCount(1, "examples that are drawn, at most"), otherwise: "all", basic: true, group: "Sample" },
  seed: { ...trainingSettings.seed, schema: whole(0, 0xffff_ffff).default(1), help: "decides which are drawn" },
  ...group("Sample", {
    part: {
      type: "text",
      argument: "name",
      schema: z.enum(["train", "dev", "test"]).optional(),
      expects: "train, dev or test",
      help: "examples of this part of the subjects alone: no subject stands in two parts",
      otherwise: "all subjects",
      basic: true,
    },
    shares: {
      type: "text",
      argument: "list",
      schema: shares.default({ train: 80, dev: 10, test: 10 }),
      expects: "shares of train, dev and test such as 80,10,10",
      help: "shares of the subjects in the parts",
      otherwise: "80,10,10",
    },
    without: {
      ...moreRelationFiles("relation data whose relations and sentences are left out, and counted", "none"),
      basic: true,
    },
    ids: downstreamSettings.ids,
  }),
  overwrite: { ...toggle("replace what is there"), group: dataSettings.out.group },
};

export type SampleSettings = Settings<typeof sampleSettings>;
