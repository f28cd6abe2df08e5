import type { ConfiguredBackbone } from "../backbones/backbone.js";
import type { Executor, LoadedGraph, Tensors } from "../engine/executor.js";
import { inferencePass } from "../engine/inference-pass.js";
import { padBatch, tokenFeeds } from "../features/token-batch.js";
import { GraphBuilder, toOnnx } from "../graph/index.js";
import type { LmObjective } from "../lm/causal-lm.js";
import type { LanguageModel } from "../lm/language-model.js";
import { wordScores } from "../lm/lm-head.js";
import type { EncodedMasked, MaskedLmScores } from "../lm/masked-lm.js";
import { scoreTexts } from "../lm/score-texts.js";
import { dropoutFeeds } from "../nn/index.js";
import type { Ranks } from "../ranks/index.js";
import { floatsOf, int32Tensor } from "../tensor.js";
import { type AdamWConfig, rateFeeds } from "./adamw.js";
import { LeafStep } from "./leaf-step.js";
import { ParameterState, StatefulSession } from "./parameter-state.js";
import {
  type Loaded,
  load,
  namedDims,
  onlyBatch,
  type StepResult,
  type StepScalars,
  type StepSession,
  single,
} from "./session.js";
import { fusedStep, type StepOptions } from "./step.js";

export interface LanguageModelSessionOptions {
  readonly executor: Executor;
  readonly backbone: ConfiguredBackbone;
  readonly model: LanguageModel;
  readonly objective: LmObjective;
  readonly optimizer: AdamWConfig;
  /** Texts that are scored together. */
  readonly batchSize: number;
  /** Start values of parameters that are not drawn. */
  readonly given: () => Promise<Tensors>;
  /** Who sums a step's leaves; a step is one batch where it is left out. */
  readonly ranks?: Ranks | null;
}

/** Steps and scores of a whole language model. A text is masked differently in every step. */
export class LanguageModelSession extends StatefulSession implements StepSession<EncodedMasked> {
  private constructor(
    private readonly options: LanguageModelSessionOptions,
    private readonly training: Loaded | LeafStep,
    private readonly scoring: LoadedGraph,
  ) {
    const { executor, model, given } = options;
    super(new ParameterState(executor, model.parameters, model.parameters, given, training instanceof LeafStep));
  }

  get accumulates(): boolean {
    return this.training instanceof LeafStep;
  }

  static async open(options: LanguageModelSessionOptions): Promise<LanguageModelSession> {
    const { executor, model, optimizer, ranks } = options;
    const step: StepOptions = {
      loss: (pass) => model.forward(pass).loss,
      trainable: model.parameters,
      optimizer,
      dropout: true,
      inPlace: executor.updatesInPlace,
    };
    const training = ranks ? await LeafStep.open(executor, step, ranks) : await load(executor, fusedStep(step));
    const pass = inferencePass(new GraphBuilder(), executor);
    const { logits, labels } = model.forward(pass);
    const score = pass.g.build({ scores: wordScores(pass, logits, labels) });
    return new LanguageModelSession(options, training, await executor.load({ model: toOnnx(score) }));
  }

  async step(microBatches: readonly (readonly EncodedMasked[])[], scalars: StepScalars): Promise<StepResult> {
    const { learningRate, update, seed } = scalars;
    const rates = rateFeeds(learningRate, update, this.options.optimizer);
    const { training } = this;
    if (training instanceof LeafStep) {
      const texts = microBatches.reduce((sum, { length }) => sum + length, 0);
      return training.run(microBatches.length, rates, async (leaf) => {
        const batch = microBatches[leaf] as readonly EncodedMasked[];
        const before = microBatches.slice(0, leaf).reduce((sum, { length }) => sum + length, 0);
        return { feeds: this.drawn(batch, before, scalars, [leaf]), share: batch.length / texts };
      });
    }
    const feeds = this.drawn(onlyBatch(microBatches), 0, { update, seed }, []);
    const results = await training.graph.run({ ...feeds, ...rates }, training.fetch);
    return { loss: single(results, "loss"), gradNorm: single(results, "grad_norm") };
  }

  /** What texts feed when they are masked anew; `before` of them stand in front of these in the step. */
  private drawn(
    batch: readonly EncodedMasked[],
    before: number,
    { update, seed }: Pick<StepScalars, "update" | "seed">,
    keys: readonly number[],
  ): Tensors {
    const { inputs } = this;
    const masked = batch.map((text, row) => this.options.objective.redraw(text, seed, update, before + row));
    const feeds = this.feeds(masked, inputs);
    const dims = namedDims(inputs, feeds);
    return { ...feeds, ...dropoutFeeds([...inputs.keys()], ["dropout", seed, update, ...keys], dims) };
  }

  private get inputs(): Loaded["inputs"] {
    return this.training instanceof LeafStep ? this.training.leaf.inputs : this.training.inputs;
  }

  private feeds(batch: readonly EncodedMasked[], inputs: Loaded["inputs"]): Tensors {
    const { backbone } = this.options;
    const ids = batch.map(({ inputIds }) => inputIds);
    const width = Math.max(...ids.map(({ length }) => length));
    const picked = batch.flatMap(({ positions }, row) => positions.map((position) => row * width + position));
    const labels = batch.flatMap(({ targets }) => targets);
    const all: Tensors = {
      ...tokenFeeds(backbone, padBatch(ids, width, backbone.config.padTokenId)),
      picked: int32Tensor([picked.length], Int32Array.from(picked)),
      labels: int32Tensor([labels.length], Int32Array.from(labels)),
    };
    return Object.fromEntries(Object.entries(all).filter(([name]) => inputs.has(name)));
  }

  /** Scores the current parameters. */
  async score(texts: readonly EncodedMasked[]): Promise<MaskedLmScores> {
    const { objective, batchSize } = this.options;
    const scored = await scoreTexts(texts, batchSize, async (indices) => {
      const batch = indices.map((i) => texts[i] as EncodedMasked);
      const feeds = this.feeds(batch, this.inputs);
      return floatsOf(await this.scoring.run(feeds, ["scores"]), "scores");
    });
    return objective.score(scored);
  }

  async close(): Promise<void> {
    await (this.training instanceof LeafStep ? this.training : this.training.graph).close();
    await this.scoring.close();
  }
}
