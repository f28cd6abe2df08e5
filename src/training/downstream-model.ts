/**
 * Fine-tuned models: made from a backbone and finished adapters, or loaded from their folder.
 * @module
 */
import { join } from "node:path";
import { adapterScope, type NamedAdapter } from "../adapters/adapter-set.js";
import { holdsAdapter } from "../adapters/config.js";
import {
  checkAdapterNames,
  type DownstreamManifest,
  readDownstreamManifest,
  readDownstreamParameters,
  type TrainedParts,
} from "../adapters/downstream-folder.js";
import {
  adapterFiles,
  hashOfTensors,
  type Parameters,
  readAdapterManifest,
  readAdapterParameters,
  requireSameBackbone,
} from "../adapters/folder.js";
import type { FusionConfig } from "../adapters/fusion.js";
import { adapterShapes } from "../adapters/official/import-adapter.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { openedInScope } from "../engine/scopes.js";
import { setting, userError } from "../errors.js";
import type { FeatureDType } from "../features/feature-cache.js";
import { type FeatureSource, StreamedFeatures, TokenFeatures } from "../features/feature-sources.js";
import {
  type BackboneHandle,
  backboneIdentity,
  type FrozenBackboneOptions,
  openBackbone,
} from "../features/frozen-backbone.js";
import { DownstreamModel } from "../models/downstream-model.js";
import type { EncodedText, HeadInit, Task, TaskKind, TaskSettings } from "../tasks/task.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { PredictionSession } from "./session.js";
import { checkMaxLength, type LoadOptions } from "./task-model.js";

/** A finished adapter that is fused. */
export interface FusedAdapter extends NamedAdapter {
  readonly folder: string;
  /** Of its tensors. */
  readonly hash: string;
  readonly parameters: Parameters;
  /** Whether every sentence was padded to the same length while it was trained. */
  readonly fixedWidth: boolean;
}

/**
 * Reads finished adapters for one backbone.
 *
 * @throws UserError where an adapter was trained beside another backbone, or is a baseline without an adapter
 */
export async function openAdapters(
  named: readonly { readonly name: string; readonly folder: string }[],
  backbone: BackboneHandle,
): Promise<FusedAdapter[]> {
  checkAdapterNames(named.map(({ name }) => name));
  const adapters: FusedAdapter[] = [];
  for (const { name, folder } of named) {
    const manifest = await readAdapterManifest(folder);
    requireSameBackbone(folder, manifest, backboneIdentity(backbone));
    if (!holdsAdapter(manifest.features)) {
      throw userError({ where: folder, what: "the folder holds a baseline, no adapter", expected: "an adapter" });
    }
    const config = manifest.architecture;
    const parameters = await readAdapterParameters(
      folder,
      "adapter",
      adapterShapes(config, backbone.config.hiddenSize),
    );
    const hash = await hashOfTensors(join(folder, adapterFiles.adapter));
    adapters.push({ name, folder, config, parameters, hash, fixedWidth: manifest.task.fixedWidth ?? false });
  }
  return adapters;
}

export interface DownstreamOptions {
  readonly backbone: BackboneHandle;
  readonly adapters: readonly NamedAdapter[];
  readonly fusion: FusionConfig;
  readonly trains: TrainedParts;
  readonly frozenDropout: boolean;
  /** See {@link DownstreamModel.options}. */
  readonly fedOutputs?: boolean;
  readonly maxLength: number;
  readonly headInit: HeadInit;
  readonly dropout: number;
  readonly featureDtype: FeatureDType;
  /** Before the names of the head's parameters, where several heads share a backbone. */
  readonly headScope?: string;
}

export interface DownstreamTaskModel<Example, Encoded extends EncodedText, Score> {
  readonly task: Task<Example, Encoded, Score>;
  readonly model: DownstreamModel;
}

/** Whether the backbone learns, so that it is part of the graph. */
export const trainsBackbone = (trains: TrainedParts): boolean => trains === "backbone" || trains === "all";

/** The task and the model for a backbone. */
export function makeDownstreamModel<Example, Encoded extends EncodedText, Score>(
  kind: TaskKind<Example, Encoded, Score>,
  settings: TaskSettings,
  options: DownstreamOptions,
): DownstreamTaskModel<Example, Encoded, Score> {
  const { backbone, maxLength, dropout, headInit, trains, adapters, headScope } = options;
  checkMaxLength(maxLength, backbone);
  const task = kind.make(settings, { maxLength, dropout, headInit });
  const { definition, config } = backbone;
  const model = new DownstreamModel({
    backbone: trainsBackbone(trains) ? definition.build(config) : null,
    hiddenSize: config.hiddenSize,
    backboneLayers: config.layers,
    adapters: adapters.map(({ name, config: architecture }) => ({ name, config: architecture })),
    fusion: options.fusion,
    headInit,
    trains,
    frozenDropout: options.frozenDropout,
    fedOutputs: options.fedOutputs ?? false,
    featureDtype: options.featureDtype,
    makeHead: (scope, sizes) => task.makeHead(headScope === undefined ? scope : scope.at(headScope), sizes),
  });
  return { task, model };
}

/** Adapters' parameters under the names that they have in a model of several. */
export function adapterTensors(adapters: readonly FusedAdapter[]): Tensors {
  return Object.fromEntries(
    adapters.flatMap(({ name, parameters }) =>
      [...parameters].map(([key, { shape, data }]): [string, HostTensor] => [
        `${adapterScope(name)}.${key}`,
        // A copy: what is handed to an executor may be moved there.
        float32Tensor(shape, data.slice()),
      ]),
    ),
  );
}

/** A fine-tuned model, ready to predict. */
export interface LoadedDownstreamModel<Example, Encoded extends EncodedText, Score>
  extends DownstreamTaskModel<Example, Encoded, Score> {
  readonly manifest: DownstreamManifest;
  readonly backbone: BackboneHandle;
  readonly session: PredictionSession<Encoded>;
  /** Lets go of its graphs, its weights and its backbone's. */
  close(): Promise<void>;
}

/** Loads a fine-tuned model's folder beside its backbone; the backbone must be the one it was trained beside. */
export async function loadDownstreamModel<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  folder: string,
  kind: TaskKind<Example, Encoded, Score>,
  { backbone: backboneName, taskOptions = {} }: LoadOptions = {},
): Promise<LoadedDownstreamModel<Example, Encoded, Score>> {
  const manifest = await readDownstreamManifest(folder);
  if (manifest.task.name !== kind.name) {
    throw userError({
      where: folder,
      what: `the model's task is ${manifest.task.name}`,
      expected: `a model for the task ${kind.name}`,
    });
  }
  const name = backboneName ?? manifest.backbone.name;
  if (name === null)
    throw userError({
      where: folder,
      what: "the model does not name its backbone",
      fix: `give it with ${setting("backbone")}`,
    });
  const backbone = await openBackbone(name);
  requireSameBackbone(folder, manifest, backboneIdentity(backbone));
  const { maxLength, fixedWidth = false, labels, options } = manifest.task;
  const made = makeDownstreamModel(
    kind,
    { labels, options: { ...options, ...taskOptions } },
    {
      backbone,
      adapters: manifest.adapters.map(({ name: own, architecture }) => ({ name: own, config: architecture })),
      fusion: manifest.fusion,
      trains: manifest.trains,
      frozenDropout: false,
      maxLength,
      headInit: "official",
      dropout: 0,
      featureDtype: manifest.hiddenStates,
    },
  );
  const shapes = new Map(made.model.parameters.map(({ name: own, shape }) => [own, shape]));
  const parameters = await readDownstreamParameters(folder, shapes);
  const state = [...parameters].map(([own, { shape, data }]) => [own, float32Tensor(shape, data)]);
  const { hiddenStates: dtype, backbonePrecision: precision } = manifest;
  return openedInScope(executor, async (scope) => {
    await scope.setState(Object.fromEntries(state));
    const session = await PredictionSession.open<Encoded>({
      executor: scope,
      features: await streamed(scope, backbone, made.model, { dtype, precision }),
      padTokenId: backbone.config.padTokenId,
      ...made,
      maxLength,
      fixedWidth,
    });
    return { ...made, manifest, backbone, session, close: () => scope.close() };
  });
}

/** What the model is fed for texts that come as they come: tokens, or hidden states computed anew. */
export async function streamed(
  executor: Executor,
  backbone: BackboneHandle,
  model: DownstreamModel,
  options: FrozenBackboneOptions & { readonly dtype: FeatureDType },
): Promise<FeatureSource<EncodedText>> {
  if (trainsBackbone(model.options.trains)) return new TokenFeatures(backbone, options.dtype);
  return StreamedFeatures.load(executor, backbone, { layers: model.neededLayers }, options);
}
