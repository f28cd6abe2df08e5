/**
 * What pre-training, evaluation and prediction of relations share: reading and encoding data, and putting backbone,
 * adapter and head together.
 * @module
 */
import {
  type AdapterManifest,
  type BackboneIdentity,
  type KAdapterConfig,
  readAdapterManifest,
  readAdapterParameters,
  requireSameBackbone,
} from "../adapters/index.js";
import { type ReadRelationsOptions, type RelationExample, readRelations } from "../data/index.js";
import { userError } from "../errors.js";
import {
  type EncodedRelation,
  type FeatureKind,
  type HeadInit,
  KnowledgeModel,
  RelationClassification,
} from "../tasks/index.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import type { Executor } from "./executor.js";
import type { FeatureDType } from "./feature-cache.js";
import { StreamedFeatures } from "./features.js";
import { type BackboneFolder, FrozenBackbone, maxTokens, openBackbone } from "./frozen-backbone.js";
import { PredictionSession, type SessionOptions } from "./session.js";

/** Examples as token ids, and how many could not be used, by reason. */
export interface EncodedData {
  readonly examples: readonly EncodedRelation[];
  readonly skipped: Readonly<Record<string, number>>;
}

/** Name of the task in an adapter's folder. */
export const relationTask = "relation-classification";

/** Reads a whole data file; records that its format leaves out (T-REx) are counted. */
export async function readAllRelations(
  path: string,
  options: ReadRelationsOptions,
): Promise<{ readonly examples: readonly RelationExample[]; readonly skipped: Record<string, number> }> {
  const skipped: Record<string, number> = {};
  const examples: RelationExample[] = [];
  const onSkip = (reason: string) => {
    skipped[reason] = (skipped[reason] ?? 0) + 1;
  };
  for await (const example of readRelations(path, { ...options, onSkip })) examples.push(example);
  if (examples.length === 0) {
    throw userError({
      where: path,
      what: "the file holds no examples",
      expected: "at least one sentence with two entities and a relation",
    });
  }
  return { examples, skipped };
}

/** Encodes examples; those that do not fit are counted. */
export function encodeRelations(
  task: RelationClassification,
  examples: readonly RelationExample[],
  skipped: Readonly<Record<string, number>> = {},
): EncodedData {
  const counts: Record<string, number> = { ...skipped };
  const encoded = examples.flatMap((example) => {
    const result = task.encode(example);
    if (!("skipped" in result)) return [result];
    counts[result.skipped] = (counts[result.skipped] ?? 0) + 1;
    return [];
  });
  return { examples: encoded, skipped: counts };
}

export const countSkipped = (skipped: Readonly<Record<string, number>>): number =>
  Object.values(skipped).reduce((sum, count) => sum + count, 0);

/** What an adapter's folder records of its backbone. */
export function backboneIdentity({ name, hash, tokenizer, config }: BackboneFolder): BackboneIdentity {
  return {
    name,
    modelType: config.modelType,
    hiddenSize: config.hiddenSize,
    layers: config.layers,
    hash,
    tokenizerHash: tokenizer.hash,
  };
}

export interface RelationModelOptions {
  readonly backbone: BackboneFolder;
  readonly labels: readonly string[];
  readonly features: FeatureKind;
  readonly architecture: KAdapterConfig;
  readonly maxLength: number;
  readonly headInit: HeadInit;
  /** Element type of the hidden states that are fed. */
  readonly featureDtype: FeatureDType;
}

export interface RelationModel {
  readonly task: RelationClassification;
  readonly model: KnowledgeModel;
}

/** The task and the model (adapter and head) for a backbone. */
export function makeRelationModel(options: RelationModelOptions): RelationModel {
  const { backbone, labels, features, architecture, maxLength, headInit } = options;
  const limit = maxTokens(backbone.config);
  if (maxLength > limit) {
    throw userError({
      where: "--max-length",
      what: `${maxLength} tokens are more than the backbone has positions for`,
      expected: `at most ${limit}`,
    });
  }
  const task = new RelationClassification({
    tokenizer: backbone.tokenizer,
    labels,
    markers: { maxLength },
    dropout: architecture.dropout,
    headInit,
  });
  const { hiddenSize, layers: backboneLayers } = backbone.config;
  const model = new KnowledgeModel({
    features,
    adapter: architecture,
    hiddenSize,
    backboneLayers,
    featureDtype: options.featureDtype,
    makeHead: (scope, sizes) => task.makeHead(scope, sizes),
  });
  return { task, model };
}

/** Everything that runs a trained adapter. */
export interface LoadedRelationModel extends RelationModel {
  readonly manifest: AdapterManifest;
  readonly backbone: BackboneFolder;
  readonly session: PredictionSession<EncodedRelation>;
}

/** Loads an adapter's folder beside its backbone; the backbone must be the one it was trained beside. */
export async function loadRelationModel(
  executor: Executor,
  folder: string,
  backboneName?: string,
): Promise<LoadedRelationModel> {
  const manifest = await readAdapterManifest(folder);
  const { labels, maxLength, name: task } = manifest.task;
  if (task !== relationTask || !labels) {
    throw userError({
      where: folder,
      what: `the adapter's head does not tell relations: its task is ${task}`,
      expected: `an adapter with the task ${relationTask}`,
    });
  }
  const backbone = await openBackbone(backboneName ?? manifest.backbone.name ?? noBackbone(folder));
  requireSameBackbone(folder, manifest, backboneIdentity(backbone));
  const { features, architecture, hiddenStates } = manifest;
  const made = makeRelationModel({
    backbone,
    labels,
    features,
    architecture,
    maxLength,
    headInit: "official",
    featureDtype: hiddenStates,
  });
  const shapes = (parameters: readonly { readonly name: string; readonly shape: readonly number[] }[]) =>
    new Map(parameters.map(({ name, shape }) => [name, shape]));
  const state: Record<string, HostTensor> = {};
  for (const [file, parameters] of [
    ["adapter", made.model.adapter?.parameters ?? []],
    ["head", made.model.head.parameters],
  ] as const) {
    for (const [name, { shape, data }] of await readAdapterParameters(folder, file, shapes(parameters))) {
      state[name] = float32Tensor(shape, data);
    }
  }
  await executor.setState(state);
  const session = await openPrediction(executor, backbone, made, manifest);
  return { ...made, manifest, backbone, session };
}

function noBackbone(folder: string): never {
  throw userError({ where: folder, what: "the adapter does not name its backbone", fix: "give it with --backbone" });
}

async function openPrediction(
  executor: Executor,
  backbone: BackboneFolder,
  { model, task }: RelationModel,
  { task: { maxLength }, hiddenStates }: AdapterManifest,
) {
  const features = new StreamedFeatures<EncodedRelation>(
    await FrozenBackbone.load(executor, backbone, model.neededLayers, hiddenStates),
  );
  const { padTokenId } = backbone.config;
  const options: SessionOptions<EncodedRelation> = { executor, features, padTokenId, model, task, maxLength };
  return PredictionSession.open(options);
}
