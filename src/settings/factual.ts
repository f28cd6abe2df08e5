import { z } from "zod";
import { setting } from "../errors.js";
import { entityVectors } from "../text/markers.js";
import { factualObjectives } from "./choices.js";
import { group, type Settings } from "./setting.js";
import {
  adapterSettings,
  cacheSettings,
  dataSettings,
  leafSettings,
  runtimeSettings,
  trainingSettings,
} from "./shared.js";
import { choice, count, share, text } from "./values.js";

/** What is learnt of facts, and how. */
export const objectiveSettings = group("Objective", {
  objective: {
    ...choice(
      factualObjectives,
      "own-output",
      "what facts are learnt by: own-output (one layer on the adapter's output alone), classification (the paper's head on the adapter's output and the model's) or contrastive (vectors of entity pairs: those of the same relation are drawn together)",
    ),
    basic: true,
  },
  temperature: {
    type: "number",
    argument: "x",
    schema: z.number().positive().max(100).default(0.05),
    expects: "a number above 0",
    help: `temperature of ${setting("objective", "contrastive")}`,
  },
  labelSmoothing: {
    type: "number",
    argument: "x",
    schema: share.default(0),
    expects: "a number from 0, below 1",
    help: "share of each label that is spread over all relations while it is learnt",
  },
  entityVector: {
    type: "text",
    argument: "name",
    schema: z.enum(entityVectors).optional(),
    expects: entityVectors.join(" or "),
    help: "whose vector stands for an entity: first-marker (its first marker's) or last-token (its last token's)",
    otherwise: "first-marker; last-token beside a causal model",
  },
});

/** How T-REx's dump is read. */
export const trexSettings = group("T-REx", {
  minEntityPairs: count(0, 0, "relations of T-REx with fewer entity pairs are left out"),
  pairCounts: {
    type: "text",
    argument: "file",
    schema: text.optional(),
    expects: "a file",
    help: `file of the entity pairs that each relation has, for ${setting("minEntityPairs")}: written where it is not there, and read where it is, which saves a reading of the data`,
    otherwise: "they are counted in every run",
  },
  mostBad: {
    type: "number",
    argument: "share",
    schema: z.number().min(0).max(1).default(0.1),
    expects: "a share from 0 to 1",
    help: "share of T-REx's triples, and of its files, that may be wrong; they are left out and counted",
  },
});

/** `pretrain factual`: plain JSON once resolved, stored in `adapter_config.json`. */
export const factualSettings = {
  ...dataSettings,
  ...objectiveSettings,
  ...trexSettings,
  ...adapterSettings,
  ...trainingSettings,
  ...leafSettings,
  ...cacheSettings,
  ...runtimeSettings,
};

export type FactualSettings = Settings<typeof factualSettings>;
