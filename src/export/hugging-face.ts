/**
 * The folder of a model as transformers.js opens it: configuration, tokenizer, `onnx/model….onnx`, a card.
 * @module
 */
import { join } from "node:path";
import type { BackboneDefinition } from "../backbones/index.js";
import { writeFileAtomically } from "../files/atomic.js";
import { readJson } from "../files/json.js";
import type { ExportPrecision } from "../settings/export.js";
import { exportCard } from "./card.js";
import {
  describeAnswer,
  longestText,
  markersOf,
  markerTokens,
  onnxFiles,
  pipelines,
  tensorsOf,
  tokenizerInputs,
} from "./description.js";
import type { Answer, ExportGraph } from "./export-graph.js";
import type { ExportParts } from "./parts.js";
import { tokenizerFiles } from "./tokenizer-files.js";

/** All of the folder but its graphs. */
export async function writeModelFolder(
  folder: string,
  all: ExportParts,
  exported: ExportGraph,
  precisions: readonly ExportPrecision[],
): Promise<void> {
  const { inputs, outputs } = tensorsOf(exported);
  const { backbone, parts } = all;
  const answers = exported.answers.map((answer) => describeAnswer(all, answer));
  const tokenizer = await tokenizerFiles(backbone, {
    markers: markerTokens(backbone, parts),
    allMarked: parts.length > 0 && parts.every((part) => markersOf(part).length > 0),
    inputs: tokenizerInputs(inputs),
    maxLength: longestText(all),
  });
  const path = join(backbone.folder, "config.json");
  const config = configOf(
    (await readJson(path, { what: "the configuration" })) as object,
    all,
    exported.answers[0],
    precisions,
  );
  const description = {
    ...{ format: "kadapter-export/1", backbone: { hash: backbone.hash, tokenizerHash: backbone.tokenizer.hash } },
    ...{ precisions, inputs, outputs, answers },
  };
  const files = { ...tokenizer, "kadapter.json": description, "config.json": config };
  await writeFileAtomically(join(folder, "README.md"), exportCard({ all, exported, precisions }));
  for (const [name, content] of Object.entries(files)) {
    await writeFileAtomically(
      join(folder, name),
      `${JSON.stringify(content, null, name === "tokenizer.json" ? 0 : 2)}\n`,
    );
  }
}

/** The backbone's config.json with what the main answer is. */
function configOf(
  own: object,
  { backbone }: ExportParts,
  main: Answer | undefined,
  precisions: readonly ExportPrecision[],
): object {
  const { torch_dtype: _, dtype: __, _name_or_path: ___, ...config } = own as Readonly<Record<string, unknown>>;
  const labels = main?.parts[0]?.manifest.task.labels ?? null;
  const classes = main && pipelines[main.kind] === "text-classification" ? labels : null;
  return {
    ...config,
    architectures: [architecture(backbone.definition, main)],
    ...(classes
      ? {
          id2label: Object.fromEntries(classes.map((label, i) => [i, label])),
          label2id: Object.fromEntries(classes.map((label, i) => [label, i])),
          problem_type: main?.kind === "types" ? "multi_label_classification" : "single_label_classification",
        }
      : {}),
    "transformers.js_config": { dtype: onnxFiles[precisions[0] as ExportPrecision].dtype },
  };
}

/** Hugging Face's class: `RobertaForMaskedLM`, `RobertaForSequenceClassification`, `RobertaModel`. */
function architecture({ lmClass }: BackboneDefinition, main: Answer | undefined): string {
  const pipeline = main ? pipelines[main.kind] : null;
  if (pipeline === "fill-mask") return lmClass;
  const family = lmClass.replace(/(For[A-Z]\w*|LMHeadModel)$/, "");
  return `${family}${pipeline === "text-classification" ? "ForSequenceClassification" : "Model"}`;
}
