import { z } from "zod";
import { group, type Settings } from "./setting.js";
import { dataSettings, runtimeSettings, trainingSettings } from "./shared.js";
import { listOf, text, whole } from "./values.js";

const amount = (fallback: number) => z.number().positive().max(1e9).default(fallback);

/** `plan`. */
export const planSettings = {
  ...group("Work", {
    sentences: {
      type: "number",
      argument: "n",
      schema: whole(1, 1e12),
      expects: "a whole number of sentences",
      help: "how many sentences will be learnt from",
      basic: true,
    },
    nodes: {
      type: "text",
      argument: "list",
      schema: listOf(whole(1, 100_000)).default([1, 2, 4, 8, 16, 64]),
      expects: "numbers of machines such as 1,4,16",
      help: "numbers of machines",
      basic: true,
    },
    bandwidth: {
      type: "number",
      argument: "Gb/s",
      schema: amount(25),
      expects: "a number of Gb/s above 0",
      help: "between two machines, in Gb/s",
      basic: true,
    },
    price: {
      type: "number",
      argument: "x",
      schema: amount(2),
      expects: "a number above 0",
      help: "of one machine for an hour, in any currency",
      basic: true,
    },
  }),
  backbone: { ...dataSettings.backbone, schema: text.optional(), otherwise: "the package's own" },
  train: {
    ...dataSettings.train,
    schema: text.optional(),
    expects: "a file of some hundred examples",
    help: "some hundred examples as long as those to come will be",
    otherwise: "the package's own sentences",
  },
  epochs: trainingSettings.epochs,
  batchSize: { ...trainingSettings.batchSize, schema: whole(2, 65536).default(32), help: "sentences in one step" },
  ...runtimeSettings,
};

export type PlanSettings = Settings<typeof planSettings>;
