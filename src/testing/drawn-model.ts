import type { AdapterManifest } from "../adapters/adapter-manifest.js";
import { resolveAdapterConfig } from "../adapters/config.js";
import { type DownstreamManifest, writeDownstreamFolder } from "../adapters/downstream-folder.js";
import { type Parameters, writeAdapterFolder } from "../adapters/folder.js";
import { backboneIdentity, openBackbone } from "../features/backbone-handle.js";
import type { Parameter } from "../graph/index.js";
import { downstreamDesign, pretrainingDesign } from "../models/design.js";
import { initialValue } from "../nn/index.js";
import type { EncodedText, TaskKind, TaskSettings } from "../tasks/task.js";
import { makeTaskModel } from "../training/task-model.js";
import { asStored } from "../training/training-record.js";

/** What a {@link writeDrawnModel} is, apart from its task. */
export interface DrawnModelOptions extends TaskSettings {
  /** What its head reads; an adapter beside the last hidden state by default. */
  readonly features?: "adapter" | "residual";
  /** Longest text in tokens. */
  readonly maxLength?: number;
  /** Added to the head's weights, element by element. */
  readonly head?: (i: number) => number;
  /** Lines of wordings.jsonl, where facts are said to have been taught in some. */
  readonly wordings?: readonly string[];
  /** Other weights for another number. */
  readonly seed?: number;
}

/**
 * Writes an adapter as a training does, its weights drawn: what it says is nothing that anybody taught.
 *
 * @param backbone folder of a model
 */
export async function writeDrawnModel<Example, Encoded extends EncodedText, Score>(
  folder: string,
  backbone: string,
  kind: TaskKind<Example, Encoded, Score>,
  options: DrawnModelOptions,
): Promise<string> {
  const { features = "adapter", maxLength = 24, head = () => 0, seed = 1, wordings, ...task } = options;
  const handle = await openBackbone(backbone);
  const architecture = smallAdapter(handle.config);
  const how = { maxLength, headInit: 0.3, dropout: 0, featureDtype: "float32" } as const;
  const design = pretrainingDesign({ features, adapter: architecture });
  const { model } = makeTaskModel(kind, task, { ...how, backbone: handle, design });
  await writeAdapterFolder(folder, {
    manifest: asStored<AdapterManifest>({
      ...{ format: "kadapter/1", features, architecture, hiddenStates: "float32" },
      ...{ backbonePrecision: "float32", backbone: backboneIdentity(handle) },
      task: { name: kind.name, maxLength, labels: task.labels, options: task.options },
      recipe: {},
      metrics: {},
    }),
    adapter: drawn(model.adapterParameters, seed),
    head: drawn(model.taskParameters, seed, head),
    ...(task.subjects ? { subjects: task.subjects } : {}),
    ...(wordings ? { wordings } : {}),
  });
  return folder;
}

/** The same of a fine-tuned model with one adapter, `facts`. */
export async function writeDrawnDownstream<Example, Encoded extends EncodedText, Score>(
  folder: string,
  backbone: string,
  kind: TaskKind<Example, Encoded, Score>,
  { maxLength = 24, seed = 1, ...task }: DrawnModelOptions & { readonly trains?: "none" | "all" },
): Promise<string> {
  const { trains = "none", ...settings } = task;
  const handle = await openBackbone(backbone);
  const architecture = smallAdapter(handle.config);
  const adapters = [{ name: "facts", config: architecture }];
  const fusion = { kind: "concat", adapterDense: false } as const;
  const design = downstreamDesign({ adapters, fusion, trains, frozenDropout: false, headInit: 0.3 });
  const how = { maxLength, headInit: 0.3, dropout: 0, featureDtype: "float16" } as const;
  const { model } = makeTaskModel(kind, settings, { ...how, backbone: handle, design });
  const hash = "0".repeat(64);
  const manifest = asStored<DownstreamManifest>({
    ...{ format: "kadapter-downstream/1", trains, fusion, hiddenStates: "float16", backbonePrecision: "float32" },
    adapters: [{ name: "facts", architecture, folder: "facts", hash }],
    backbone: backboneIdentity(handle),
    task: { name: kind.name, maxLength, labels: settings.labels, options: settings.options },
    recipe: {},
    metrics: {},
  });
  await writeDownstreamFolder(folder, manifest, drawn(model.parameters, seed));
  return folder;
}

const smallAdapter = (config: { readonly hiddenSize: number; readonly layers: number }) => {
  const small = { size: 8, heads: 2, transformerLayers: 1, layers: [0, config.layers], init: 0.3 };
  return resolveAdapterConfig(config, "official", small);
};

const drawn = (parameters: readonly Parameter[], seed: number, more: (i: number) => number = () => 0): Parameters =>
  new Map(
    parameters.map((one) => [one.name, { shape: one.shape, data: initialValue(one, seed).map((x, i) => x + more(i)) }]),
  );
