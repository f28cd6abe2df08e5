/**
 * Settings of `parse`.
 * @module
 */
import { alignSettings } from "./align.js";
import { alignTextsSettings } from "./align-texts.js";
import { backbone, namedSettings } from "./apply.js";
import type { Settings } from "./setting.js";
import { beginSettings, dataSettings, runtimeSettings, trainingSettings } from "./shared.js";
import { files } from "./values.js";

const { text, documents } = alignTextsSettings;

/** `parse`. */
export const parseSettings = {
  text: {
    ...text,
    ...files(
      text.expects,
      "texts to parse: plain text, JSON Lines with a field text, Parquet with a column text, or a dump of Wikipedia; gzipped, zipped or not; or folders of these",
    ),
  },
  documents,
  language: alignSettings.language,
  ...namedSettings,
  backbone,
  out: {
    ...dataSettings.out,
    argument: "file",
    expects: "a file to write",
    help: "file for the trees in CoNLL-U, which appears when it is whole",
  },
  batchSize: trainingSettings.batchSize,
  resume: { ...beginSettings.resume, help: "go on where an earlier run was stopped" },
  overwrite: { ...beginSettings.overwrite, help: "replace what is there" },
  ...runtimeSettings,
};

export type ParseSettings = Settings<typeof parseSettings>;
