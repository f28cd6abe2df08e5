/**
 * Settings that all experiments have.
 * @module
 */
import { dataSettings, trainingSettings } from "./shared.js";
import { files, listOf, optionalFiles, whole } from "./values.js";

/** `out` of every experiment. */
export const experimentOut = {
  ...dataSettings.out,
  expects: "a folder for results",
  help: "folder for tables, finished results and adapters; what is there is not computed again",
};

/** `seeds` of every experiment. */
export const seeds = {
  ...trainingSettings.seed,
  type: "text",
  argument: "list",
  schema: listOf(whole(0, 0xffff_ffff)).default([1, 2, 3]),
  expects: "seeds such as 1,2,3",
  help: "seeds of initial weights, order and draws; each is a run of its own",
} as const;

const relationData = "files of relation data";

/** Files of relations. */
export const relationFiles = (help: string) => ({ ...dataSettings.train, ...files(relationData, help) });

/** Files of relations that may be left out. */
export const moreRelationFiles = (help: string, otherwise: string) => ({
  ...dataSettings.train,
  ...optionalFiles(relationData, help),
  otherwise,
});
