/**
 * Settings of what is written for other programs.
 * @module
 */
import { z } from "zod";
import { group, type Settings } from "./setting.js";
import { dataSettings, overwriteSetting } from "./shared.js";
import { choice, commaList, oneOrMore, text, whole } from "./values.js";

/** Whose folders are written: Hugging Face's, as transformers.js opens them, or a Triton server's. */
export const exportLayouts = ["hf", "triton", "both"] as const;
export type ExportLayout = (typeof exportLayouts)[number];

/** Whether operators of ONNX Runtime's own are used, or ONNX's alone. */
export const exportTargets = ["ort", "onnx"] as const;
export type ExportTarget = (typeof exportTargets)[number];

/** How weights are stored. */
export const exportPrecisions = ["float32", "float16", "int8"] as const;
export type ExportPrecision = (typeof exportPrecisions)[number];

const distinct = (values: readonly unknown[]) => new Set(values).size === values.length;

/** `export onnx`. */
export const exportSettings = {
  adapters: {
    ...dataSettings.train,
    argument: "name=dir...",
    schema: oneOrMore(text, 0).default([]),
    expects: "folders of adapters or fine-tuned models, or Hugging Face ids, as NAME=DIR or DIR",
    help: "adapters and fine-tuned models, all trained beside one backbone: folders or Hugging Face ids, as NAME=DIR or DIR; the first is the main one",
    otherwise: "the backbone alone",
    positional: true,
  },
  backbone: {
    ...dataSettings.backbone,
    schema: text.optional(),
    expects: "a model folder or a Hugging Face id",
    help: "the language model: a folder or a Hugging Face id",
    otherwise: "the one named in the first adapter",
  },
  out: { ...dataSettings.out, expects: "a folder", help: "folder that is written" },
  ...group("Format", {
    layout: {
      ...choice(
        exportLayouts,
        "hf",
        "hf: a folder that transformers.js opens; triton: a model repository; both: one below the other",
      ),
      basic: true,
    },
    target: choice(
      exportTargets,
      "ort",
      "ort: ONNX Runtime, whose own FusedMatMul may be used; onnx: ONNX's operators alone",
    ),
    precision: {
      type: "text",
      argument: "list",
      schema: commaList.pipe(z.array(z.enum(exportPrecisions)).refine(distinct)).default(["float32", "int8"]),
      expects: `some of ${exportPrecisions.join(",")}, each once`,
      help: `forms of the weights, the one that is used by default first, some of ${exportPrecisions.join(",")}; a Triton repository has the first alone. What int8 says of a text depends on the texts that are asked with it`,
      basic: true,
    },
    opset: {
      type: "number",
      argument: "n",
      schema: whole(18, 23).default(21),
      expects: "a whole number from 18 to 23",
      help: "version of ONNX's operators",
    },
    modelName: {
      type: "text",
      argument: "name",
      schema: z
        .string()
        .regex(/^[\w-]{1,128}$/)
        .optional(),
      expects: "letters, digits, - and _",
      help: "the model's name on a Triton server",
      otherwise: "the models' names, joined by -",
    },
  }),
  overwrite: overwriteSetting,
};

export type ExportSettings = Settings<typeof exportSettings>;
