import type { Tensors } from "../engine/executor.js";
import { GraphBuilder } from "../graph/index.js";
import { Dropout, dropoutFeeds, type Pass } from "../nn/index.js";
import { textsOf } from "../tasks/encoded-examples.js";
import type { EncodedText, HostLoss } from "../tasks/task.js";
import { float32Tensor, floatsOf } from "../tensor.js";
import { type AdamWConfig, rateFeeds } from "./adamw.js";
import { ParameterState, StatefulSession } from "./parameter-state.js";
import {
  chunksOf,
  type Loaded,
  load,
  namedDims,
  rowsOf,
  type SessionOptions,
  type StepResult,
  type StepScalars,
  type StepSession,
  single,
  stepOptions,
  type TrainingVariants,
  textFeeds,
  widthOf,
} from "./session.js";
import { accumulationFeeds, type StepGraph, splitStep } from "./step.js";

/**
 * Steps of a task whose loss spans more texts than fit into memory together ({@link Task.hostLoss}). The graph sees a few
 * texts at a time. All texts go through it twice: first for their logits, from which the loss's gradients by the logits
 * follow, then for the parameters' gradients, which add up. Dropout drops the same elements both times.
 */
export class HostLossSession<E extends EncodedText> extends StatefulSession implements StepSession<E> {
  readonly accumulates = true;

  private constructor(
    private readonly options: SessionOptions<E>,
    private readonly optimizer: AdamWConfig,
    private readonly scores: Loaded,
    private readonly accumulate: Loaded,
    private readonly update: Loaded,
  ) {
    const { executor, model, given } = options;
    super(new ParameterState(executor, model.parameters, model.trainable, given, true));
  }

  static async open<E extends EncodedText>(
    options: SessionOptions<E>,
    optimizer: AdamWConfig,
    variants: Omit<TrainingVariants, "accumulation">,
  ): Promise<HostLossSession<E>> {
    const { executor, model } = options;
    const { accumulate, update } = splitStep(stepOptions(options, optimizer, variants));
    return new HostLossSession(
      options,
      optimizer,
      await load(executor, logitsGraph(model.forward.bind(model))),
      await load(executor, accumulate),
      await load(executor, update),
    );
  }

  async step(microBatches: readonly (readonly E[])[], scalars: StepScalars): Promise<StepResult> {
    const { learningRate, update, seed } = scalars;
    const examples = microBatches.flat();
    let [loss, runs] = [0, 0];
    for (const [i, example] of examples.entries()) {
      const keys = [seed, update, i];
      const found = await this.lossOf(example, keys);
      loss += found.loss / examples.length;
      runs = await this.addGradients(example, found, keys, 1 / examples.length, runs);
    }
    const rates = rateFeeds(learningRate, update, this.optimizer);
    return { loss, gradNorm: single(await this.update.graph.run(rates, this.update.fetch), "grad_norm") };
  }

  async close(): Promise<void> {
    for (const { graph } of [this.scores, this.accumulate, this.update]) await graph.close();
  }

  private async lossOf(example: E, keys: readonly number[]): Promise<HostLoss> {
    const { task } = this.options;
    const logits: Float32Array[] = [];
    for (const [c, texts] of chunksOf(textsOf(task, example)).entries()) {
      const width = widthOf(this.options, texts);
      const feeds = await this.feeds(this.scores, texts, width, {}, [...keys, c]);
      const results = await this.scores.graph.run(feeds, this.scores.fetch);
      logits.push(...rowsOf(floatsOf(results, "logits"), texts, width));
    }
    if (!task.hostLoss) throw new Error("the task computes its loss in the graph");
    return task.hostLoss(example, logits);
  }

  /** Adds an example's gradients to those of the step; returns how many runs the step has had. */
  private async addGradients(
    example: E,
    { gradients }: HostLoss,
    keys: readonly number[],
    weight: number,
    runsBefore: number,
  ): Promise<number> {
    let [runs, at] = [runsBefore, 0];
    for (const [c, texts] of chunksOf(textsOf(this.options.task, example)).entries()) {
      const width = widthOf(this.options, texts);
      const own = { logit_gradients: padded(gradients.slice(at, at + texts.length), texts, width) };
      const feeds = await this.feeds(this.accumulate, texts, width, own, [...keys, c]);
      await this.accumulate.graph.run({ ...feeds, ...accumulationFeeds(runs === 0, weight) }, this.accumulate.fetch);
      at += texts.length;
      runs++;
    }
    return runs;
  }

  private async feeds(
    loaded: Loaded,
    texts: readonly EncodedText[],
    width: number,
    own: Tensors,
    keys: readonly number[],
  ): Promise<Tensors> {
    const feeds = await textFeeds(this.options, texts, width, own, loaded.inputs);
    const dims = namedDims(loaded.inputs, feeds);
    return { ...feeds, ...dropoutFeeds([...loaded.inputs.keys()], ["dropout", ...keys], dims) };
  }
}

/** The logits alone, with dropout: what the step's graph drops too. */
function logitsGraph(forward: (pass: Pass) => { readonly logits: StepLogits }): StepGraph {
  const g = new GraphBuilder();
  const { logits } = forward({ g, dropout: new Dropout(g), fused: false });
  return { graph: g.build({ logits }), updates: {}, fetch: ["logits"] };
}

type StepLogits = Parameters<GraphBuilder["build"]>[0][string];

/** Gradients by each text's logits, as a tensor with zeros at padding: `[texts, width, outputs]`. */
function padded(gradients: readonly Float32Array[], texts: readonly EncodedText[], width: number) {
  const outputs = (gradients[0]?.length ?? 0) / (texts[0]?.inputIds.length ?? 1);
  const data = new Float32Array(texts.length * width * outputs);
  gradients.forEach((gradient, i) => {
    data.set(gradient, i * width * outputs);
  });
  return float32Tensor([texts.length, width, outputs], data);
}
