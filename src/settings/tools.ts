/**
 * Settings of what is neither trained nor applied: the import, the demo, sweeps.
 * @module
 */
import { setting } from "../errors.js";
import type { Settings } from "./setting.js";
import { adapterSettings, dataSettings, overwriteSetting, partSetting, trainingSettings } from "./shared.js";
import { layerList, text, toggle, whole } from "./values.js";

/** `import`: what an official file cannot tell, with the released scripts' values. */
export const importSettings = {
  file: {
    ...dataSettings.train,
    expects: "the released code's pytorch_model.bin",
    help: "the released code's pytorch_model.bin",
    positional: true,
  },
  out: { ...dataSettings.out, help: "folder for the adapter" },
  layers: { ...adapterSettings.layers, schema: layerList.default([0, 11, 22]), otherwise: "0,11,22" },
  adapterHeads: { ...adapterSettings.adapterHeads, schema: whole(1, 4096).default(12), otherwise: "12" },
  skip: adapterSettings.skip,
  maskPadding: {
    ...adapterSettings.maskPadding,
    ...toggle("hide padding from the adapter; the released code does not"),
  },
  backbone: {
    ...dataSettings.backbone,
    schema: text.optional(),
    expects: "a model folder or a Hugging Face id",
    help: "the language model that it was trained with, which is checked and recorded",
    otherwise: "none is recorded",
  },
  backboneWeights: {
    ...dataSettings.format,
    argument: "file",
    schema: text.optional(),
    expects: "the trained backbone's file, such as pytorch_pretrained_model.bin",
    help: "a fine-tuned model's trained backbone",
    otherwise: "pytorch_pretrained_model.bin beside it, if it is there",
  },
  maxLength: {
    ...dataSettings.maxLength,
    schema: whole(8, 65536).optional(),
    help: "longest text in tokens",
    otherwise:
      "as in the released scripts: factual 64, linguistic 128, relations 184, else 256, or as many as the model can read if those are fewer",
  },
  labels: {
    ...dataSettings.format,
    argument: "file",
    schema: text.optional(),
    expects: "a JSON file: a list of relations, or a map from relation to index",
    help: "the head's relations or types",
    otherwise: "their indices",
    basic: true,
  },
  overwrite: overwriteSetting,
};

/** `demo`. */
export const demoSettings = {
  out: {
    ...dataSettings.out,
    schema: text.default("runs/demo"),
    expects: "a folder",
    help: "folder for data, adapters and report",
  },
  backbone: {
    ...dataSettings.backbone,
    schema: text.optional(),
    help: "the language model, with a head over words: a folder or a Hugging Face id",
    otherwise: "the package's own",
  },
  epochs: {
    ...trainingSettings.epochs,
    schema: whole(1, 1_000_000).default(3),
    help: "passes over the sentences of the second part",
  },
  seed: trainingSettings.seed,
  overwrite: overwriteSetting,
};

/** `sweep`. */
export const sweepSettings = {
  file: {
    ...dataSettings.train,
    expects: "a sweep's YAML file",
    help: "YAML: run, out, options, rows, grid, seeds, eval, metrics",
    positional: true,
  },
  dryRun: {
    ...overwriteSetting,
    ...toggle("check the file and name the runs, and stop there"),
    check: () => undefined,
  },
  overwrite: { ...overwriteSetting, help: "train anew what was trained with other options" },
  part: partSetting(
    "does this share of the runs, such as 0/8; the parts may run on many machines that share the folder, and the table is made afterwards",
  ),
  tableOnly: {
    ...overwriteSetting,
    ...toggle("train nothing: write the table of the runs that are finished"),
    check: ({ part, tableOnly, overwrite }: Readonly<Record<string, unknown>>) => {
      const other = part !== undefined ? "part" : overwrite === true ? "overwrite" : null;
      return tableOnly === true && other !== null
        ? { what: `${setting(other)} is given, too`, expected: "one of them" }
        : undefined;
    },
  },
};

/** `doctor`. */
export const doctorSettings = {};

export type ImportSettings = Settings<typeof importSettings>;
export type DemoSettings = Settings<typeof demoSettings>;
export type SweepSettings = Settings<typeof sweepSettings>;
