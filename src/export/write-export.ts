/**
 * Writes what is exported into folders.
 * @module
 */
import { join } from "node:path";
import { lowered } from "../graph/lower.js";
import type { ExportPrecision, ExportSettings } from "../settings/export.js";
import { type DescribedAnswer, describeAnswer, onnxFiles } from "./description.js";
import { type ExportGraph, exportGraph } from "./export-graph.js";
import { writeModelFolder } from "./hugging-face.js";
import { writeOnnx } from "./onnx-file.js";
import type { ExportParts } from "./parts.js";
import { type WeightedGraph, withHalfWeights, withInt8Weights } from "./small-weights.js";
import { tritonModel, writeRepository } from "./triton.js";

/** How models are written. */
export type ExportHow = Pick<ExportSettings, "out" | "layout" | "target" | "precision" | "opset" | "modelName">;

/** What was written. */
export interface Exported {
  /** The graphs' files. */
  readonly files: readonly string[];
  readonly answers: readonly DescribedAnswer[];
}

/** Writes the folders of a layout; `both` are one below the other. */
export async function writeExport(all: ExportParts, how: ExportHow): Promise<Exported> {
  const { layout, out } = how;
  const both = layout === "both";
  const written: Exported[] = [];
  if (layout !== "triton") written.push(await writeHuggingFace(all, how, both ? join(out, "hf") : out));
  if (layout !== "hf") written.push(await writeTriton(all, how, both ? join(out, "triton") : out));
  return { files: written.flatMap(({ files }) => files), answers: written[0]?.answers ?? [] };
}

async function writeHuggingFace(all: ExportParts, how: ExportHow, folder: string): Promise<Exported> {
  const exported = await exportGraph(all, true);
  const files: string[] = [];
  for (const precision of how.precision) {
    const path = join(folder, "onnx", onnxFiles[precision].file);
    await writeGraph(path, exported, precision, how);
    files.push(path);
  }
  await writeModelFolder(folder, all, exported, how.precision);
  return { files, answers: exported.answers.map((answer) => describeAnswer(all, answer)) };
}

async function writeTriton(all: ExportParts, how: ExportHow, folder: string): Promise<Exported> {
  const exported = await exportGraph(all, false);
  const { modelName = all.parts.map(({ name }) => name).join("-") || "backbone" } = how;
  const path = tritonModel(folder, modelName);
  await writeGraph(path, exported, how.precision[0] as ExportPrecision, how);
  await writeRepository(folder, modelName, exported);
  return { files: [path], answers: exported.answers.map((answer) => describeAnswer(all, answer)) };
}

const smaller: Readonly<Record<ExportPrecision, (graph: WeightedGraph) => WeightedGraph>> = {
  float32: (graph) => graph,
  float16: withHalfWeights,
  int8: withInt8Weights,
};

async function writeGraph(
  path: string,
  exported: ExportGraph,
  precision: ExportPrecision,
  { target, opset }: ExportHow,
): Promise<void> {
  const { graph, tensors } = smaller[precision](exported);
  await writeOnnx(path, { graph: lowered(graph, { fusedProducts: target === "ort", opset }), tensors }, { opset });
}
