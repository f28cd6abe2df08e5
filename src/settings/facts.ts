/**
 * Settings of `facts import` and `facts inspect`.
 * @module
 */
import { z } from "zod";
import { knowledgeFormats } from "../knowledge/formats.js";
import { group, type Settings } from "./setting.js";
import { dataSettings, overwriteSetting } from "./shared.js";
import { files, optionalFiles, text } from "./values.js";

/** `facts import`. */
export const factsImportSettings = {
  ...group("Knowledge", {
    files: { ...files("files of facts", "files of facts, plain, gzipped or zipped"), positional: true },
    names: optionalFiles(
      "files of names",
      "files that name entities by their ids: an id and its names, tabs between them, or a table",
    ),
    relations: optionalFiles("files of relations", "files that label relations by their ids"),
    language: {
      type: "text",
      argument: "code",
      schema: z
        .string()
        .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/)
        .default("en"),
      expects: "a language such as en",
      help: "language of names, where the files have several",
      basic: true,
    },
    format: {
      type: "text",
      argument: "name",
      schema: z.enum(knowledgeFormats).optional(),
      expects: `one of ${knowledgeFormats.join(", ")}`,
      help: `format of the files: ${knowledgeFormats.join(", ")}`,
      otherwise: "recognised by content",
    },
    mostBad: {
      type: "number",
      argument: "share",
      schema: z.number().min(0).max(1).default(0.1),
      expects: "a share from 0 to 1",
      help: "share of a file's records that may be wrong; they are left out and counted",
    },
  }),
  out: { ...dataSettings.out, expects: "a folder to write", help: "folder for the knowledge" },
  overwrite: overwriteSetting,
};

export type FactsImportSettings = Settings<typeof factsImportSettings>;

/** `facts inspect`. */
export const factsInspectSettings = group("Knowledge", {
  folder: {
    type: "text",
    argument: "dir",
    schema: text,
    expects: "a folder that `facts import` has written",
    help: "a folder that `facts import` has written",
    positional: true,
    basic: true,
  },
});

export type FactsInspectSettings = Settings<typeof factsInspectSettings>;
