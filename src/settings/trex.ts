/**
 * Settings of `data trex`.
 * @module
 */
import { alignSettings } from "./align.js";
import { alignTextsSettings } from "./align-texts.js";
import { trexSettings } from "./factual.js";
import { group, type Settings } from "./setting.js";
import { beginSettings, dataSettings } from "./shared.js";
import { count, text } from "./values.js";

/** `data trex`. */
export const trexSetSettings = {
  data: {
    ...dataSettings.train,
    schema: text,
    argument: "path",
    expects: "T-REx as published: a zip archive, a folder of re-nlg_*.json, or one of these files",
    help: "T-REx as published: a zip archive, a folder of re-nlg_*.json, or one of these files",
    positional: true,
  },
  out: {
    ...dataSettings.out,
    expects: "a folder to write",
    help: "folder for the examples, as `pretrain factual` reads them, and the entity pairs of each relation",
  },
  ...group("Examples", {
    minEntityPairs: { ...count(0, 50, "relations with fewer entity pairs are left out"), basic: true },
    mostBad: trexSettings.mostBad,
    exclude: alignSettings.exclude,
    dev: alignTextsSettings.dev,
    test: alignTextsSettings.test,
    seed: { ...alignTextsSettings.seed, help: "decides which subjects go to which part" },
  }),
  resume: { ...beginSettings.resume, help: "begin again what was stopped, with the entity pairs that were counted" },
  overwrite: beginSettings.overwrite,
};

export type TrexSetSettings = Settings<typeof trexSetSettings>;
