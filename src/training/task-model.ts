import type { FeatureKind, KAdapterConfig } from "../adapters/config.js";
import {
  type AdapterManifest,
  readAdapterManifest,
  readAdapterParameters,
  requireSameBackbone,
} from "../adapters/folder.js";
import type { RelationExample } from "../data/relation-example.js";
import type { Executor } from "../engine/executor.js";
import { openedInScope } from "../engine/scopes.js";
import { setting, UserError, userError } from "../errors.js";
import type { FeatureDType } from "../features/feature-cache.js";
import { type NeededStates, StreamedFeatures } from "../features/feature-sources.js";
import { type BackboneHandle, backboneIdentity, maxTokens, openBackbone } from "../features/frozen-backbone.js";
import { KnowledgeModel } from "../models/knowledge-model.js";
import type { ClassificationScores } from "../tasks/classification-scores.js";
import { type EncodedRelation, relationClassification } from "../tasks/relations/relation-classification.js";
import type { EncodedText, HeadInit, Task, TaskKind, TaskSettings } from "../tasks/task.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { PredictionSession } from "./session.js";

export interface TaskModelOptions {
  readonly backbone: BackboneHandle;
  readonly features: FeatureKind;
  readonly architecture: KAdapterConfig;
  readonly maxLength: number;
  readonly headInit: HeadInit;
  /** Element type of the hidden states that are fed. */
  readonly featureDtype: FeatureDType;
  /** Only the head learns. */
  readonly freezeAdapter?: boolean;
}

export interface TaskModel<Example, Encoded extends EncodedText, Score> {
  readonly task: Task<Example, Encoded, Score>;
  readonly model: KnowledgeModel;
}

/** The task and the model (adapter and head) for a backbone. */
export function makeTaskModel<Example, Encoded extends EncodedText, Score>(
  kind: TaskKind<Example, Encoded, Score>,
  settings: TaskSettings,
  options: TaskModelOptions,
): TaskModel<Example, Encoded, Score> {
  const { backbone, features, architecture, maxLength, headInit, featureDtype, freezeAdapter = false } = options;
  checkMaxLength(maxLength, backbone);
  const task = kind.make(settings, { maxLength, dropout: architecture.dropout, headInit });
  const { hiddenSize, layers: backboneLayers } = backbone.config;
  const model = new KnowledgeModel({
    features,
    adapter: architecture,
    hiddenSize,
    backboneLayers,
    featureDtype,
    freezeAdapter,
    makeHead: (scope, sizes) => task.makeHead(scope, sizes),
  });
  return { task, model };
}

/** The hidden states that a model is fed; the last one only where its head reads it, if nothing else does. */
export function neededStates<Example, Encoded extends EncodedText, Score>({
  task,
  model,
}: TaskModel<Example, Encoded, Score>): NeededStates<Encoded> {
  const { neededLayers: layers, lastPositions: count } = model;
  const of = task.readPositions?.bind(task);
  return { layers, lastAt: of && count !== null ? { count, of } : null };
}

/** @throws UserError where texts may be longer than the backbone can read */
export function checkMaxLength(maxLength: number, { config }: BackboneHandle): void {
  const limit = maxTokens(config);
  if (maxLength <= limit) return;
  throw userError({
    where: setting("maxLength"),
    what: `${maxLength} tokens are more than the backbone has positions for`,
    expected: `at most ${limit}`,
  });
}

/** Everything that runs a trained adapter. */
export interface LoadedTaskModel<Example, Encoded extends EncodedText, Score>
  extends TaskModel<Example, Encoded, Score> {
  readonly manifest: AdapterManifest;
  readonly backbone: BackboneHandle;
  readonly session: PredictionSession<Encoded>;
  /** Lets go of its graphs, its weights and its backbone's. */
  close(): Promise<void>;
}

export interface LoadOptions {
  /** Folder or Hugging Face id; the one named in the adapter by default. */
  readonly backbone?: string | undefined;
  /** Settings of the task that win over the adapter's own, as far as they leave its parameters as they are. */
  readonly taskOptions?: TaskSettings["options"];
}

/**
 * Loads an adapter's folder beside its backbone; the backbone must be the one it was trained beside.
 *
 * @param kind the adapter's task
 */
export async function loadTaskModel<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  folder: string,
  kind: TaskKind<Example, Encoded, Score>,
  { backbone: backboneName, taskOptions = {} }: LoadOptions = {},
): Promise<LoadedTaskModel<Example, Encoded, Score>> {
  const manifest = await readAdapterManifest(folder);
  if (manifest.task.name !== kind.name) {
    throw userError({
      where: folder,
      what: `the adapter's task is ${manifest.task.name}`,
      expected: `an adapter with the task ${kind.name}`,
    });
  }
  const backbone = await openBackbone(backboneName ?? manifest.backbone.name ?? noBackbone(folder));
  requireSameBackbone(folder, manifest, backboneIdentity(backbone));
  const settings = { labels: manifest.task.labels, options: { ...manifest.task.options, ...taskOptions } };
  const made = madeFrom(folder, manifest, kind, settings, backbone);
  const state = await readTaskState(made.model, { adapter: folder, head: folder });
  const {
    hiddenStates: dtype,
    backbonePrecision: precision,
    task: { maxLength, fixedWidth = false },
  } = manifest;
  return openedInScope(executor, async (scope) => {
    await scope.setState(state);
    const session = await PredictionSession.open<Encoded>({
      executor: scope,
      features: await StreamedFeatures.load(scope, backbone, neededStates(made), { dtype, precision }),
      padTokenId: backbone.config.padTokenId,
      ...made,
      maxLength,
      fixedWidth,
    });
    return { ...made, manifest, backbone, session, close: () => scope.close() };
  });
}

/** {@link loadTaskModel} for relations. */
export function loadRelationModel(
  executor: Executor,
  folder: string,
  backboneName?: string,
): Promise<LoadedTaskModel<RelationExample, EncodedRelation, ClassificationScores>> {
  return loadTaskModel(executor, folder, relationClassification, { backbone: backboneName });
}

function madeFrom<Example, Encoded extends EncodedText, Score>(
  folder: string,
  { features, architecture, hiddenStates, task: { maxLength } }: AdapterManifest,
  kind: TaskKind<Example, Encoded, Score>,
  settings: TaskSettings,
  backbone: BackboneHandle,
): TaskModel<Example, Encoded, Score> {
  const common = {
    backbone,
    features,
    architecture,
    maxLength,
    headInit: "official",
    featureDtype: hiddenStates,
  } as const;
  try {
    return makeTaskModel(kind, settings, common);
  } catch (error) {
    throw error instanceof UserError ? userError({ where: folder, what: error.line }) : error;
  }
}

/** The parameters of an adapter and of a head, which may stand in different folders. */
export async function readTaskState(
  model: KnowledgeModel,
  folders: { readonly adapter: string; readonly head: string },
): Promise<Record<string, HostTensor>> {
  const state: Record<string, HostTensor> = {};
  for (const [file, parameters] of [
    ["adapter", model.adapter?.parameters ?? []],
    ["head", model.head.parameters],
  ] as const) {
    const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]));
    for (const [name, { shape, data }] of await readAdapterParameters(folders[file], file, shapes)) {
      state[name] = float32Tensor(shape, data);
    }
  }
  return state;
}

function noBackbone(folder: string): never {
  throw userError({
    where: folder,
    what: "the adapter does not name its backbone",
    fix: `give it with ${setting("backbone")}`,
  });
}
