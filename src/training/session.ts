import type { Executor, LoadedGraph, Tensors } from "../engine/executor.js";
import { inferencePass } from "../engine/inference-pass.js";
import type { FeatureSource } from "../features/feature-sources.js";
import { padBatch } from "../features/token-batch.js";
import { GraphBuilder, inRowBlocks, type Parameter, type Shape } from "../graph/index.js";
import type { TrainableModel } from "../models/task-head.js";
import { dropoutFeeds } from "../nn/index.js";
import { textsOf } from "../tasks/encoded-examples.js";
import type { EncodedText, Task } from "../tasks/task.js";
import { concatenated, floatsOf } from "../tensor.js";
import { type AdamWConfig, rateFeeds } from "./adamw.js";
import { ParameterState, StatefulSession } from "./parameter-state.js";
import { accumulationFeeds, fusedStep, type StepGraph, type StepOptions, splitStep, stepSource } from "./step.js";

export interface SessionOptions<E extends EncodedText> {
  readonly executor: Executor;
  readonly features: FeatureSource<EncodedText>;
  readonly padTokenId: number;
  readonly model: TrainableModel;
  readonly task: Pick<Task<never, E, unknown>, "feeds" | "texts" | "hostLoss" | "condense">;
  readonly maxLength: number;
  /** Pads every batch to `maxLength`, as the released code does; by default to its longest text. */
  readonly fixedWidth?: boolean;
  /** Start values of parameters that are not drawn. */
  readonly given?: () => Promise<Tensors>;
}

/** What a batch feeds: hidden states, mask and the task's own inputs, as far as the graph asks for them. */
async function batchFeeds<E extends EncodedText>(
  options: SessionOptions<E>,
  batch: readonly E[],
  inputs: Loaded["inputs"],
): Promise<Tensors> {
  const texts = batch.flatMap((example) => textsOf(options.task, example));
  const width = widthOf(options, texts);
  return textFeeds(options, texts, width, options.task.feeds(batch, width), inputs);
}

/** The width to which texts are padded together: that of the longest, unless it is fixed. */
export function widthOf(
  { maxLength, fixedWidth = false }: Pick<SessionOptions<EncodedText>, "maxLength" | "fixedWidth">,
  texts: readonly EncodedText[],
): number {
  return Math.max(fixedWidth ? maxLength : 0, ...texts.map(({ inputIds }) => inputIds.length));
}

/** What texts feed: their hidden states (or tokens), mask, and inputs of the task. */
export async function textFeeds(
  { features, padTokenId }: Pick<SessionOptions<EncodedText>, "features" | "padTokenId">,
  texts: readonly EncodedText[],
  width: number,
  own: Tensors,
  inputs: Loaded["inputs"],
): Promise<Tensors> {
  const { attentionMask } = padBatch(
    texts.map(({ inputIds }) => inputIds),
    width,
    padTokenId,
  );
  const all = { ...(await features.batch(texts, width)), attention_mask: attentionMask, ...own };
  return Object.fromEntries(Object.entries(all).filter(([name]) => inputs.has(name)));
}

/** Lengths of the named dimensions, as far as fed tensors tell them. */
export function namedDims(inputs: Loaded["inputs"], feeds: Tensors): Record<string, number> {
  const dims: Record<string, number> = {};
  for (const [name, { shape }] of Object.entries(feeds)) {
    inputs.get(name)?.forEach((dim, axis) => {
      if (typeof dim === "string") dims[dim] = shape[axis] as number;
    });
  }
  return dims;
}

/** A step's graph with what it wants. */
export interface Loaded {
  readonly graph: LoadedGraph;
  /** Shapes by name. */
  readonly inputs: ReadonlyMap<string, Shape>;
  readonly fetch: readonly string[];
}

export async function load(executor: Executor, step: StepGraph): Promise<Loaded> {
  const { graph, fetch } = step;
  const loaded = await executor.load(
    stepSource(executor.device === "cpu" ? { ...step, graph: inRowBlocks(graph) } : step),
  );
  return { graph: loaded, inputs: new Map(graph.inputs.map(({ name, shape }) => [name, shape])), fetch };
}

/** What one optimiser step reports. */
export interface StepResult {
  /** Mean over the step's examples. */
  readonly loss: number;
  /** Global L2 norm before clipping. */
  readonly gradNorm: number;
}

export interface StepScalars {
  readonly learningRate: number;
  /** Counted from 1. */
  readonly update: number;
  /** Counted from 0. */
  readonly epoch: number;
  readonly seed: number;
}

export interface TrainingVariants {
  /** Whether a step may consist of several micro-batches. */
  readonly accumulation: boolean;
  /** Multiplies the learning rate of a parameter. */
  readonly rateScale?: (parameter: Parameter) => number;
  /** See {@link StepOptions.clipGroups}. */
  readonly clipGroups?: Readonly<Record<string, readonly Parameter[]>>;
}

/** What a session's step computes. */
export function stepOptions<E extends EncodedText>(
  { executor, model }: SessionOptions<E>,
  optimizer: AdamWConfig,
  { rateScale, clipGroups }: Omit<TrainingVariants, "accumulation">,
): StepOptions {
  return {
    loss: (pass) => model.forward(pass).loss,
    trainable: model.trainable,
    optimizer,
    dropout: true,
    inPlace: executor.updatesInPlace,
    ...(rateScale ? { rateScale } : {}),
    ...(clipGroups ? { clipGroups } : {}),
  };
}

/** Runs the optimiser steps of a training. */
export interface StepSession<E extends EncodedText> extends AsyncDisposable {
  /** Names of all state slots: parameters, and moments of those that learn. */
  readonly slots: readonly string[];
  /** Whether a step may have several micro-batches; without, it has exactly one. */
  readonly accumulates: boolean;
  /** Given parameters, fresh ones that follow from the seed, and moments of zero. */
  initialise(seed: number): Promise<void>;
  /** Takes the tensors of a checkpoint. */
  restore(state: Tensors): Promise<void>;
  /**
   * One optimiser step over one or more micro-batches.
   *
   * @param next the micro-batches of the next step: what it reads first may be fetched while this step runs
   */
  step(
    microBatches: readonly (readonly E[])[],
    scalars: StepScalars,
    next?: readonly (readonly E[])[],
  ): Promise<StepResult>;
  /** Closes its graphs; what it is fed from stays open. */
  close(): Promise<void>;
}

/**
 * The batch of a step of a session that does not accumulate.
 *
 * @throws Error where there are several, or none: nothing is left out in silence
 */
export function onlyBatch<E>(microBatches: readonly (readonly E[])[]): readonly E[] {
  const [batch] = microBatches;
  if (batch && batch.length > 0 && microBatches.length === 1) return batch;
  throw new Error(`a step of this session takes one batch of examples, not ${microBatches.length}`);
}

/** What batches feed with dropout; the next batch's is read while this one is computed. */
export class FeedsAhead<E extends EncodedText> {
  private ahead: { readonly batch: readonly E[]; readonly feeds: Promise<Tensors> } | null = null;

  constructor(private readonly options: SessionOptions<E>) {}

  /** @param keys what the dropout of the batch follows from */
  async of({ inputs }: Loaded, batch: readonly E[], keys: readonly number[]): Promise<Tensors> {
    const { ahead } = this;
    this.ahead = null;
    const feeds = await (ahead?.batch === batch ? ahead.feeds : batchFeeds(this.options, batch, inputs));
    return { ...feeds, ...dropoutFeeds([...inputs.keys()], ["dropout", ...keys], namedDims(inputs, feeds)) };
  }

  read({ inputs }: Loaded, batch: readonly E[] | undefined): void {
    if (!batch) return;
    const feeds = batchFeeds(this.options, batch, inputs);
    // The step that awaits it sees the error; if the training stops first, nobody needs it.
    feeds.catch(() => undefined);
    this.ahead = { batch, feeds };
  }
}

/** Runs optimiser steps; parameters and moments live where the graphs run. */
export class TrainingSession<E extends EncodedText> extends StatefulSession implements StepSession<E> {
  private readonly feeds: FeedsAhead<E>;

  private constructor(
    options: SessionOptions<E>,
    private readonly optimizer: AdamWConfig,
    private readonly fused: Loaded,
    private readonly split: { readonly accumulate: Loaded; readonly update: Loaded } | null,
  ) {
    const { executor, model, given } = options;
    super(new ParameterState(executor, model.parameters, model.trainable, given, split !== null));
    this.feeds = new FeedsAhead(options);
  }

  static async open<E extends EncodedText>(
    options: SessionOptions<E>,
    optimizer: AdamWConfig,
    variants: TrainingVariants,
  ): Promise<TrainingSession<E>> {
    const { executor } = options;
    const step = stepOptions(options, optimizer, variants);
    const fused = await load(executor, fusedStep(step));
    if (!variants.accumulation) return new TrainingSession(options, optimizer, fused, null);
    const { accumulate, update } = splitStep(step);
    return new TrainingSession(options, optimizer, fused, {
      accumulate: await load(executor, accumulate),
      update: await load(executor, update),
    });
  }

  get accumulates(): boolean {
    return this.split !== null;
  }

  /** One optimiser step over one or more micro-batches. */
  async step(
    microBatches: readonly (readonly E[])[],
    scalars: StepScalars,
    next?: readonly (readonly E[])[],
  ): Promise<StepResult> {
    const { learningRate, update, seed } = scalars;
    const rates = rateFeeds(learningRate, update, this.optimizer);
    if (microBatches.length === 1 || !this.split) {
      const feeds = await this.feeds.of(this.fused, onlyBatch(microBatches), [seed, update, 0]);
      const running = this.fused.graph.run({ ...feeds, ...rates }, this.fused.fetch);
      this.feeds.read(this.fused, next?.[0]);
      const results = await running;
      return { loss: single(results, "loss"), gradNorm: single(results, "grad_norm") };
    }
    const { accumulate, update: apply } = this.split;
    const examples = microBatches.reduce((sum, { length }) => sum + length, 0);
    let loss = 0;
    for (const [i, batch] of microBatches.entries()) {
      const share = batch.length / examples;
      const feeds = await this.feeds.of(accumulate, batch, [seed, update, i]);
      const running = accumulate.graph.run({ ...feeds, ...accumulationFeeds(i === 0, share) }, accumulate.fetch);
      this.feeds.read(accumulate, microBatches[i + 1] ?? next?.[0]);
      loss += share * single(await running, "loss");
    }
    return { loss, gradNorm: single(await apply.graph.run(rates, apply.fetch), "grad_norm") };
  }

  async close(): Promise<void> {
    for (const { graph } of [this.fused, ...Object.values(this.split ?? {})]) await graph.close();
  }
}

export function single(tensors: Tensors, name: string): number {
  return floatsOf(tensors, name)[0] as number;
}

/** Loads a model's graph without dropout and without labels: its output is `logits`. */
export function loadPrediction({
  executor,
  model,
}: Pick<SessionOptions<EncodedText>, "executor" | "model">): Promise<Loaded> {
  const g = new GraphBuilder();
  const { logits } = model.forward(inferencePass(g, executor));
  return load(executor, { graph: g.build({ logits }), updates: {}, fetch: ["logits"] });
}

/** Runs the model without dropout and without labels. */
export class PredictionSession<E extends EncodedText> implements AsyncDisposable {
  private constructor(
    private readonly options: SessionOptions<E>,
    private readonly loaded: Loaded,
  ) {}

  static async open<E extends EncodedText>(options: SessionOptions<E>): Promise<PredictionSession<E>> {
    return new PredictionSession(options, await loadPrediction(options));
  }

  /** The head's logits of each example, in the batch's order. */
  async logits(batch: readonly E[]): Promise<Float32Array[]> {
    if (this.options.task.hostLoss) return this.textLogits(batch);
    const feeds = await batchFeeds(this.options, batch, this.loaded.inputs);
    const logits = floatsOf(await this.loaded.graph.run(feeds, this.loaded.fetch), "logits");
    const size = logits.length / batch.length;
    return batch.map((_, i) => logits.slice(i * size, (i + 1) * size));
  }

  /** Closes its graph; what it is fed from stays open. */
  close(): Promise<void> {
    return this.loaded.graph.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Text by text, so that memory does not grow with their number; padding is cut off. */
  private async textLogits(batch: readonly E[]): Promise<Float32Array[]> {
    const { task } = this.options;
    const results: Float32Array[] = [];
    for (const example of batch) {
      const parts: Float32Array[] = [];
      for (const texts of chunksOf(textsOf(task, example))) {
        const width = widthOf(this.options, texts);
        const feeds = await textFeeds(this.options, texts, width, {}, this.loaded.inputs);
        const logits = floatsOf(await this.loaded.graph.run(feeds, this.loaded.fetch), "logits");
        parts.push(...rowsOf(logits, texts, width));
      }
      const logits = concatenated(parts);
      results.push(task.condense?.(example, logits) ?? logits);
    }
    return results;
  }
}

/** How many texts are in memory together where an example may have any number of them. */
const textsTogether = 8;

export function chunksOf<T>(texts: readonly T[]): (readonly T[])[] {
  return Array.from({ length: Math.ceil(texts.length / textsTogether) }, (_, i) =>
    texts.slice(i * textsTogether, (i + 1) * textsTogether),
  );
}

/** Each text's part of `[texts, width, outputs]`, without padding. */
export function rowsOf(logits: Float32Array, texts: readonly EncodedText[], width: number): Float32Array[] {
  const outputs = logits.length / (texts.length * width);
  return texts.map(({ inputIds: { length } }, i) => {
    const start = i * width * outputs;
    return logits.slice(start, start + length * outputs);
  });
}
