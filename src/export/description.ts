/**
 * What an exported graph's answers are, told for people and for programs.
 * @module
 */
import type { BackboneHandle } from "../features/backbone-handle.js";
import type { Shape } from "../graph/index.js";
import type { ExportPrecision } from "../settings/export.js";
import type { Answer, ExportGraph } from "./export-graph.js";
import type { ExportPart, ExportParts, PartKind } from "./parts.js";
import { inputNames } from "./token-inputs.js";
import { markerId } from "./wiring.js";

/** Names under which transformers.js looks for each precision, and how it calls them. */
export const onnxFiles: Readonly<Record<ExportPrecision, { readonly file: string; readonly dtype: string }>> = {
  float32: { file: "model.onnx", dtype: "fp32" },
  float16: { file: "model_fp16.onnx", dtype: "fp16" },
  int8: { file: "model_quantized.onnx", dtype: "q8" },
};

/** A tensor of the graph. */
export interface Described {
  readonly name: string;
  readonly dtype: "int64" | "float32";
  readonly shape: Shape;
}

/** An answer as kadapter.json tells of it. */
export interface DescribedAnswer {
  /** The model's name; `a+b` of several, `none` of the backbone alone. */
  readonly name: string;
  /** What the model was trained for; `fill` where the backbone answers alone. */
  readonly task: string;
  /** Names of the graph's outputs by what they hold. */
  readonly outputs: Answer["outputs"];
  /** Class names in the order of the logits, where they are classes. */
  readonly labels: readonly string[] | null;
  /** Longest text in tokens. */
  readonly maxLength: number;
  /** What stands before and after the entities, in their order. */
  readonly markers: readonly string[];
}

/** The task of each pipeline that opens an answer, as Hugging Face calls it; null where none does. */
export const pipelines: Readonly<Record<PartKind, string | null>> = {
  words: "fill-mask",
  relations: "text-classification",
  types: "text-classification",
  pairs: "feature-extraction",
  trees: null,
  choices: null,
  spans: null,
};

const markers: Readonly<Partial<Record<PartKind, readonly string[]>>> = {
  relations: ["@", "#"],
  pairs: ["@", "#"],
  types: ["@"],
};

/** The signs that mark a model's entities. */
export const markersOf = ({ kind }: { readonly kind: PartKind }): readonly string[] => markers[kind] ?? [];

/** Markers of all models that are tokens of that very name, with their ids. */
export function markerTokens(handle: BackboneHandle, parts: readonly ExportPart[]): ReadonlyMap<string, number> {
  const found = parts.flatMap((part) => markersOf(part).map((name) => [name, markerId(handle, part, name)] as const));
  return new Map(found.filter(([name, id]) => handle.tokenizer.idToToken(id) === name));
}

/** How many tokens a text may have: no model reads more than the backbone has positions for. */
export function longestText({ backbone, parts }: ExportParts): number {
  const { definition, config } = backbone;
  const positions = config.maxPositions - (definition.firstPosition?.(config) ?? 0);
  const lengths = parts.map(({ manifest }) => manifest.task.maxLength);
  return Math.min(...(lengths.length === 0 ? [Number.isFinite(positions) ? positions : 1024] : lengths));
}

export function describeAnswer(all: ExportParts, { name, kind, outputs, parts }: Answer): DescribedAnswer {
  const [first] = parts;
  return {
    name,
    task: first?.manifest.task.name ?? "fill",
    outputs,
    labels: kind === "trees" || kind === "relations" || kind === "types" ? (first?.manifest.task.labels ?? null) : null,
    maxLength: longestText({ ...all, parts }),
    markers: markersOf({ kind }),
  };
}

/** The graph's inputs and outputs in their order. */
export function tensorsOf({ graph }: Pick<ExportGraph, "graph">): {
  readonly inputs: readonly Described[];
  readonly outputs: readonly Described[];
} {
  const described = (name: string, { dtype, shape }: { readonly dtype: string; readonly shape: Shape }): Described => ({
    name,
    dtype: dtype === "int64" ? "int64" : "float32",
    shape,
  });
  return {
    inputs: graph.inputs.map((value) => described(value.name, value)),
    outputs: Object.entries(graph.outputs).map(([name, value]) => described(name, value)),
  };
}

/** Inputs that a tokenizer gives. */
export const tokenizerInputs = (inputs: readonly Described[]): readonly string[] =>
  inputs.map(({ name }) => name).filter((name) => name !== inputNames.words);
