import { checkMaxLength } from "../backbones/text-length.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { setting, userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import type { FeatureDType } from "../features/feature-cache.js";
import { type FeatureSource, type NeededStates, StreamedFeatures, TokenFeatures } from "../features/feature-sources.js";
import type { FrozenBackboneOptions } from "../features/frozen-backbone.js";
import { readOwnHead } from "../features/word-embeddings.js";
import { AdaptedModel } from "../models/adapted-model.js";
import { type AdaptedDesign, trainsBackbone } from "../models/design.js";
import type { HeadInit } from "../models/task-head.js";
import type { EncodedText, Task, TaskKind, TaskSettings } from "../tasks/task.js";

export interface TaskModelOptions {
  readonly backbone: BackboneHandle;
  readonly design: AdaptedDesign;
  readonly maxLength: number;
  readonly headInit: HeadInit;
  /** Dropout of the head. */
  readonly dropout: number;
  /** Element type of the hidden states that are fed. */
  readonly featureDtype: FeatureDType;
  /** Prefix of the names of the head's parameters, where several heads share a backbone. */
  readonly headScope?: string;
}

/** A task, and the model that learns it. */
export interface TaskModel<Example, Encoded extends EncodedText, Score> {
  readonly task: Task<Example, Encoded, Score>;
  readonly model: AdaptedModel;
}

/**
 * The task and the model for a backbone, whatever it is that is trained.
 *
 * @throws UserError where texts may be longer than the backbone can read, or the settings are not the task's
 */
export function makeTaskModel<Example, Encoded extends EncodedText, Score>(
  kind: TaskKind<Example, Encoded, Score>,
  settings: TaskSettings,
  { backbone, design, maxLength, headInit, dropout, featureDtype, headScope }: TaskModelOptions,
): TaskModel<Example, Encoded, Score> {
  checkMaxLength(maxLength, backbone);
  const { definition, config } = backbone;
  const task = kind.make(settings, { maxLength, dropout, headInit, backbone: { definition, config } });
  const model = new AdaptedModel({
    ...design,
    backbone: trainsBackbone(design.trains) ? definition.build(config) : null,
    hiddenSize: config.hiddenSize,
    backboneLayers: config.layers,
    featureDtype,
    makeHead: (scope, sizes) => task.makeHead(headScope === undefined ? scope : scope.at(headScope), sizes),
  });
  return { task, model };
}

/** The hidden states that a model is fed. The last one is fed only at the head's positions, if nothing else reads it. */
export function neededStates<Example, Encoded extends EncodedText, Score>({
  task,
  model,
}: TaskModel<Example, Encoded, Score>): NeededStates<Encoded> {
  const { neededLayers: layers, lastPositions: count } = model;
  const of = task.readPositions?.bind(task);
  return { layers, lastAt: of && count !== null ? { count, of } : null };
}

/** What a model is fed for texts that are not known before: tokens, or hidden states computed anew. */
export async function streamed<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  backbone: BackboneHandle,
  made: TaskModel<Example, Encoded, Score>,
  options: Omit<FrozenBackboneOptions, "positions"> & { readonly dtype: FeatureDType },
): Promise<FeatureSource<Encoded>> {
  if (trainsBackbone(made.model.options.trains)) return new TokenFeatures<Encoded>(backbone, options.dtype);
  return StreamedFeatures.load(executor, backbone, neededStates(made), options);
}

/**
 * The backbone's own parameters that a model's head reads.
 *
 * @throws UserError where its weights hold no head
 */
export async function frozenTensors(
  backbone: BackboneHandle,
  { frozenParameters }: Pick<AdaptedModel, "frozenParameters">,
): Promise<Tensors> {
  if (frozenParameters.length === 0) return {};
  const tensors = await readOwnHead(backbone, frozenParameters);
  if (tensors) return Object.fromEntries(tensors);
  throw userError({
    where: backbone.folder,
    what: "its weights hold no language-model head",
    expected: "a model that can be asked for words, such as BERT with its masked-language-model head",
    fix: `train one with \`kadapter probe train-head\` and ${setting("modelOut")}`,
  });
}
