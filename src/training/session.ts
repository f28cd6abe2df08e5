import { GraphBuilder, type Parameter, type Shape, toOnnx, type Value } from "../graph/index.js";
import { dropoutFeeds, initialValue } from "../nn/index.js";
import type { EncodedText, KnowledgeModel, Task } from "../tasks/index.js";
import { elementCount, float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import { type AdamWConfig, stepSize } from "./adamw.js";
import { paddedWidth } from "./batches.js";
import type { Executor, LoadedGraph, Tensors } from "./executor.js";
import type { FeatureSource } from "./features.js";
import { padBatch } from "./frozen-backbone.js";
import { fusedStep, type StepGraph, slotNames, splitStep } from "./step.js";

export interface SessionOptions<E extends EncodedText> {
  readonly executor: Executor;
  readonly features: FeatureSource<E>;
  readonly padTokenId: number;
  readonly model: KnowledgeModel;
  readonly task: Pick<Task<never, E, unknown>, "feeds">;
  readonly maxLength: number;
}

/** What a batch feeds: hidden states, mask and the task's own inputs, as far as the graph asks for them. */
async function batchFeeds<E extends EncodedText>(
  { features, padTokenId, task, maxLength }: SessionOptions<E>,
  batch: readonly E[],
  inputs: Loaded["inputs"],
): Promise<Tensors> {
  const width = paddedWidth(Math.max(...batch.map(({ inputIds }) => inputIds.length)), maxLength);
  const { attentionMask } = padBatch(
    batch.map(({ inputIds }) => inputIds),
    width,
    padTokenId,
  );
  const all = { ...(await features.batch(batch, width)), attention_mask: attentionMask, ...task.feeds(batch, width) };
  return Object.fromEntries(Object.entries(all).filter(([name]) => inputs.has(name)));
}

/** Lengths of the named dimensions, as far as fed tensors tell them. */
function namedDims(inputs: Loaded["inputs"], feeds: Tensors): Record<string, number> {
  const dims: Record<string, number> = {};
  for (const [name, { shape }] of Object.entries(feeds)) {
    inputs.get(name)?.forEach((dim, axis) => {
      if (typeof dim === "string") dims[dim] = shape[axis] as number;
    });
  }
  return dims;
}

interface Loaded {
  readonly graph: LoadedGraph;
  /** Shapes by name. */
  readonly inputs: ReadonlyMap<string, Shape>;
  readonly fetch: readonly string[];
}

async function load(executor: Executor, { graph, updates, fetch }: StepGraph): Promise<Loaded> {
  const loaded = await executor.load({ model: toOnnx(graph), updates });
  return { graph: loaded, inputs: new Map(graph.inputs.map(({ name, shape }) => [name, shape])), fetch };
}

/** What one optimiser step reports. */
export interface StepResult {
  /** Mean over the step's examples. */
  readonly loss: number;
  /** Before clipping. */
  readonly gradNorm: number;
}

export interface StepScalars {
  readonly learningRate: number;
  /** Counted from 1. */
  readonly update: number;
  readonly seed: number;
}

const scalar = (value: number): HostTensor => float32Tensor([], Float32Array.of(value));

export interface TrainingVariants {
  /** Whether a step may consist of several micro-batches. */
  readonly accumulation: boolean;
  /** Multiplies the learning rate of a parameter. */
  readonly rateScale?: (parameter: Parameter) => number;
}

/** Runs optimiser steps; parameters and moments live where the graphs run. */
export class TrainingSession<E extends EncodedText> {
  private constructor(
    private readonly options: SessionOptions<E>,
    private readonly optimizer: AdamWConfig,
    private readonly fused: Loaded,
    private readonly split: { readonly accumulate: Loaded; readonly update: Loaded } | null,
  ) {}

  static async open<E extends EncodedText>(
    options: SessionOptions<E>,
    optimizer: AdamWConfig,
    { accumulation, rateScale }: TrainingVariants,
  ): Promise<TrainingSession<E>> {
    const { executor, model } = options;
    const step = {
      loss: (pass: Parameters<KnowledgeModel["forward"]>[0]): Value => model.forward(pass).loss,
      trainable: model.trainable,
      optimizer,
      dropout: true,
      ...(rateScale ? { rateScale } : {}),
    };
    const fused = await load(executor, fusedStep(step));
    if (!accumulation) return new TrainingSession(options, optimizer, fused, null);
    const { accumulate, update } = splitStep(step);
    return new TrainingSession(options, optimizer, fused, {
      accumulate: await load(executor, accumulate),
      update: await load(executor, update),
    });
  }

  /** Names of all state slots: parameters, and moments of those that learn. */
  get slots(): readonly string[] {
    const { parameters, trainable } = this.options.model;
    const learning = new Set(trainable);
    return parameters.flatMap((parameter) => {
      const { name } = parameter;
      return learning.has(parameter) ? [name, slotNames.firstMoment(name), slotNames.secondMoment(name)] : [name];
    });
  }

  /** Fresh parameters that follow from the seed, and moments of zero. */
  async initialise(seed: number): Promise<void> {
    const state: Record<string, HostTensor> = {};
    const { parameters, trainable } = this.options.model;
    for (const parameter of parameters)
      state[parameter.name] = float32Tensor(parameter.shape, initialValue(parameter, seed));
    for (const { name, shape } of trainable) {
      for (const slot of [slotNames.firstMoment(name), slotNames.secondMoment(name)])
        state[slot] = float32Tensor(shape, new Float32Array(elementCount(shape)));
    }
    await this.restore(state);
  }

  /** Takes the tensors of a checkpoint. */
  async restore(state: Tensors): Promise<void> {
    const missing = this.slots.find((slot) => !(slot in state));
    if (missing !== undefined) throw new Error(`the state lacks ${missing}`);
    await this.options.executor.setState(state);
    if (this.split) await this.options.executor.setState(this.emptyGradients());
  }

  private emptyGradients(): Tensors {
    return Object.fromEntries(
      this.options.model.trainable.map(({ name, shape }) => [
        slotNames.gradient(name),
        float32Tensor(shape, new Float32Array(elementCount(shape))),
      ]),
    );
  }

  /** One optimiser step over one or more micro-batches. */
  async step(microBatches: readonly (readonly E[])[], scalars: StepScalars): Promise<StepResult> {
    const { learningRate, update, seed } = scalars;
    const rates = {
      learning_rate: scalar(learningRate),
      step_size: scalar(stepSize(learningRate, update, this.optimizer)),
    };
    if (microBatches.length === 1 || !this.split) {
      const feeds = await this.feeds(this.fused, microBatches[0] ?? [], [seed, update, 0]);
      const results = await this.fused.graph.run({ ...feeds, ...rates }, this.fused.fetch);
      return { loss: single(results, "loss"), gradNorm: single(results, "grad_norm") };
    }
    const { accumulate, update: apply } = this.split;
    const examples = microBatches.reduce((sum, { length }) => sum + length, 0);
    let loss = 0;
    for (const [i, batch] of microBatches.entries()) {
      const share = batch.length / examples;
      const feeds = await this.feeds(accumulate, batch, [seed, update, i]);
      const weights = { grad_keep: scalar(i === 0 ? 0 : 1), grad_weight: scalar(share) };
      loss += share * single(await accumulate.graph.run({ ...feeds, ...weights }, accumulate.fetch), "loss");
    }
    return { loss, gradNorm: single(await apply.graph.run(rates, apply.fetch), "grad_norm") };
  }

  private async feeds(loaded: Loaded, batch: readonly E[], keys: readonly number[]): Promise<Tensors> {
    const feeds = await batchFeeds(this.options, batch, loaded.inputs);
    const dims = namedDims(loaded.inputs, feeds);
    return { ...feeds, ...dropoutFeeds([...loaded.inputs.keys()], ["dropout", ...keys], dims) };
  }
}

function single(tensors: Tensors, name: string): number {
  return floatsOf(tensors, name)[0] as number;
}

/** Runs the model without dropout and without labels. */
export class PredictionSession<E extends EncodedText> {
  private constructor(
    private readonly options: SessionOptions<E>,
    private readonly loaded: Loaded,
  ) {}

  static async open<E extends EncodedText>(options: SessionOptions<E>): Promise<PredictionSession<E>> {
    const g = new GraphBuilder();
    const { logits } = options.model.forward({ g, dropout: null, fused: true });
    const graph = g.build({ logits });
    return new PredictionSession(options, await load(options.executor, { graph, updates: {}, fetch: ["logits"] }));
  }

  /** The head's logits of each example, in the batch's order. */
  async logits(batch: readonly E[]): Promise<Float32Array[]> {
    const feeds = await batchFeeds(this.options, batch, this.loaded.inputs);
    const logits = floatsOf(await this.loaded.graph.run(feeds, this.loaded.fetch), "logits");
    const size = logits.length / batch.length;
    return batch.map((_, i) => logits.slice(i * size, (i + 1) * size));
  }
}
