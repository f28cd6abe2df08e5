/**
 * How good a task's head is beside an adapter or a backbone that may have been trained further since.
 * @module
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { FeatureKind, KAdapterConfig } from "../adapters/config.js";
import { downstreamFiles } from "../adapters/downstream-folder.js";
import type { Parameters } from "../adapters/folder.js";
import { noFusion } from "../adapters/fusion.js";
import type { Executor } from "../engine/executor.js";
import { inScope } from "../engine/scopes.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { TokenFeatures } from "../features/feature-sources.js";
import { type FeatureOptions, openFeatures } from "../features/features.js";
import { downstreamDesign, pretrainingDesign } from "../models/design.js";
import type { HeadInit } from "../models/task-head.js";
import type { EncodedText, Prediction, Task, TaskKind } from "../tasks/task.js";
import { type DownstreamTaskData, type ExampleSet, encodeExamples } from "../tasks/task-data.js";
import { bytesOf, float32Tensor, type HostTensor } from "../tensor.js";
import { loadModel, readTaskState } from "../training/load-model.js";
import { PredictionSession, type SessionOptions } from "../training/session.js";
import { makeTaskModel } from "../training/task-model.js";
import { predictAll } from "../training/trainer.js";
import { parametersIn } from "../weights/parameters.js";
import { readSafetensors } from "../weights/safetensors.js";

/** A task's score. */
export interface Measured {
  /** The score that decides, and all others by name. */
  readonly metric: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly examples: number;
  /** SHA-256 of all logits: equal where every answer is equal to the last bit. */
  readonly logits: string;
}

export interface MeasureOptions {
  readonly executor: Executor;
  readonly backbone: BackboneHandle;
  readonly maxLength: number;
  readonly headInit: HeadInit;
  readonly featureOptions: FeatureOptions;
}

type TestedTaskData<Example, Encoded extends EncodedText, Score> = Required<
  DownstreamTaskData<Example, Encoded, Score>
>;

/** Examples in one forward pass, as `kadapter eval` has them. */
const batchSize = 32;

/** What a trained adapter says of examples that were not left out. */
export interface ToldExamples<Example, Encoded extends EncodedText, Score> {
  readonly task: Task<Example, Encoded, Score>;
  readonly predictions: readonly Prediction<Encoded>[];
}

/** Runs a finished adapter with its own head, as `kadapter eval` does. */
export async function tellExamples<Example, Encoded extends EncodedText, Score>(
  executor: Executor,
  folder: string,
  kind: TaskKind<Example, Encoded, Score>,
  set: ExampleSet<Example>,
  { backbone, signal }: { readonly backbone: BackboneHandle; readonly signal?: AbortSignal | undefined },
): Promise<ToldExamples<Example, Encoded, Score>> {
  const { task, session, close } = await loadModel(executor, folder, kind, { backbone: backbone.folder });
  try {
    const { examples } = encodeExamples(task, backbone.tokenizer, set);
    const logits = await predictAll(session, examples, batchSize, signal);
    return { task, predictions: examples.map((encoded, i) => ({ encoded, logits: logits[i] as Float32Array })) };
  } finally {
    await close();
  }
}

/** Measures the head of one folder beside the adapter of another (or the same) on the task's test data. */
export async function measureAdapter<Example, Encoded extends EncodedText, Score>(
  { executor, backbone, maxLength, headInit, featureOptions }: MeasureOptions,
  { kind, settings, test }: TestedTaskData<Example, Encoded, Score>,
  folders: { readonly adapter: string; readonly head: string },
  { architecture, features = "adapter" }: { readonly architecture: KAdapterConfig; readonly features?: FeatureKind },
): Promise<Measured> {
  const { task, model } = makeTaskModel(kind, settings, {
    design: pretrainingDesign({ features, adapter: architecture }),
    ...{ backbone, maxLength, headInit, dropout: 0, featureDtype: featureOptions.dtype },
  });
  const { examples } = encodeExamples(task, backbone.tokenizer, test);
  return inScope(executor, async (scope) => {
    await scope.setState(await readTaskState(model, folders));
    const needed = { layers: model.neededLayers };
    const ignore = () => undefined;
    const features = await openFeatures(scope, backbone, needed, examples, "test", featureOptions, ignore);
    try {
      const { padTokenId } = backbone.config;
      return await measured(task, examples, { executor: scope, features, padTokenId, model, task, maxLength });
    } finally {
      await features.close();
    }
  });
}

/** Measures the head of one fine-tuned model beside the backbone of another (or the same) on the task's test data. */
export async function measureModel<Example, Encoded extends EncodedText, Score>(
  { executor, backbone, maxLength, headInit, featureOptions }: MeasureOptions,
  { kind, settings, test }: TestedTaskData<Example, Encoded, Score>,
  folders: { readonly model: string; readonly head: string },
): Promise<Measured> {
  const { task, model } = makeTaskModel(kind, settings, {
    design: downstreamDesign({ adapters: [], fusion: noFusion, headInit, trains: "backbone", frozenDropout: false }),
    ...{ backbone, maxLength, headInit, dropout: 0, featureDtype: featureOptions.dtype },
  });
  const { examples } = encodeExamples(task, backbone.tokenizer, test);
  const features = new TokenFeatures<EncodedText>(backbone, featureOptions.dtype);
  return inScope(executor, async (scope) => {
    await scope.setState({
      ...(await readTensors(folders.model, namesOf(model.backboneParameters))),
      ...(await readTensors(folders.head, namesOf(model.taskParameters))),
    });
    const { padTokenId } = backbone.config;
    return measured(task, examples, { executor: scope, features, padTokenId, model, task, maxLength });
  });
}

async function measured<Example, Encoded extends EncodedText, Score>(
  task: Task<Example, Encoded, Score>,
  examples: readonly Encoded[],
  options: SessionOptions<Encoded>,
): Promise<Measured> {
  const logits = await predictAll(await PredictionSession.open(options), examples, batchSize);
  const hash = createHash("sha256");
  for (const row of logits) hash.update(bytesOf(float32Tensor([row.length], row)));
  const score = task.score(examples.map((encoded, i) => ({ encoded, logits: logits[i] as Float32Array })));
  return { ...task.evaluation(score), examples: examples.length, logits: hash.digest("hex") };
}

const namesOf = (parameters: readonly { readonly name: string }[]) => parameters.map(({ name }) => name);

/** Parameters in a fine-tuned model's folder. */
function readTensors(folder: string, names: readonly string[]): Promise<Record<string, HostTensor>> {
  return readSafetensors(join(folder, downstreamFiles.model), names);
}

/** The backbone's parameters in a fine-tuned model's folder. */
export async function readTrainedBackbone(folder: string, { definition, config }: BackboneHandle): Promise<Parameters> {
  const { parameters } = definition.build(config);
  return parametersIn(await readTensors(folder, namesOf(parameters)), parameters);
}
