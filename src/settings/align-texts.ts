/**
 * Settings of `align` where it reads texts.
 * @module
 */
import { z } from "zod";
import { setting } from "../errors.js";
import { group } from "./setting.js";
import { beginSettings, dataSettings, trainingSettings } from "./shared.js";
import { choice, count, optionalCount, optionalFiles, share, text, whole } from "./values.js";

const partShare = (name: string) => ({
  type: "number" as const,
  argument: "x",
  schema: share.default(0),
  expects: "a share from 0, below 1",
  help: `share of the subjects whose sentences are written to the folder ${name} of their own: no subject stands in two`,
});

/** What is read, and how it is written. */
export const alignTextsSettings = {
  ...group("Texts", {
    text: {
      ...optionalFiles(
        "files or folders of documents",
        "texts to align: plain text, JSON Lines with a field text, Parquet with a column text, or a dump of Wikipedia; gzipped, zipped or not; or folders of these",
      ),
      otherwise: "none",
    },
    documents: choice(
      ["auto", "blank-lines", "lines", "files"],
      "auto",
      "what is a document of plain text: what stands between blank-lines, each of the lines, whole files, or auto (files in folders and archives, else blank-lines)",
    ),
  }),
  ...group("What is written", {
    out: {
      ...dataSettings.out,
      schema: text.optional(),
      expects: "a folder for the sentences",
      help: "folder for the sentences, as `pretrain factual` and `teach` read them, and report.json",
      otherwise: "none",
    },
    dev: { ...partShare("dev"), basic: true },
    test: {
      ...partShare("test"),
      check: ({ dev, test }) =>
        Number(dev) + Number(test) >= 1
          ? { what: `with ${setting("dev")} nothing is left to train on`, expected: "shares with a sum below 1" }
          : undefined,
    },
    negatives: {
      type: "number",
      argument: "x",
      schema: z.number().min(0).max(1).default(0),
      expects: "a number from 0 to 1",
      help: "pairs without a relation (NA) for each pair with one; where much is not known, many of them have one",
    },
    seed: { ...trainingSettings.seed, schema: whole(0, 0xffff_ffff).default(1), help: "decides negatives and samples" },
    samples: count(0, 100, "records that the report shows", 1000),
    report: choice(
      ["json", "page"],
      "json",
      "json, or page: a page, too, on which you tick what is right (report.html)",
    ),
    shardDocuments: count(
      1,
      10_000,
      "documents of a part; what is stopped goes on after the last whole part",
      1_000_000,
    ),
  }),
  ...group("Run", {
    threads: { ...optionalCount(1, "threads that align", 1024), otherwise: "all cores but one" },
    resume: { ...beginSettings.resume, help: "go on after the last whole part in the folder" },
    overwrite: beginSettings.overwrite,
  }),
};
