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
import { floatsOf, int32Tensor } from "../tensor.js";
import { type AdamWConfig, rateFeeds } from "./adamw.js";
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
import { fusedStep } from "./step.js";

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
}

/** Steps and scores of a whole language model. A text is masked differently in every step. */
export class LanguageModelSession extends StatefulSession implements StepSession<EncodedMasked> {
  readonly accumulates = false;

  private constructor(
    private readonly options: LanguageModelSessionOptions,
    private readonly training: Loaded,
    private readonly scoring: LoadedGraph,
  ) {
    const { executor, model, given } = options;
    super(new ParameterState(executor, model.parameters, model.parameters, given));
  }

  static async open(options: LanguageModelSessionOptions): Promise<LanguageModelSession> {
    const { executor, model, optimizer } = options;
    const step = fusedStep({
      loss: (pass) => model.forward(pass).loss,
      trainable: model.parameters,
      optimizer,
      dropout: true,
      inPlace: executor.updatesInPlace,
    });
    const pass = inferencePass(new GraphBuilder(), executor);
    const { logits, labels } = model.forward(pass);
    const score = pass.g.build({ scores: wordScores(pass, logits, labels) });
    return new LanguageModelSession(options, await load(executor, step), await executor.load({ model: toOnnx(score) }));
  }

  async step(microBatches: readonly (readonly EncodedMasked[])[], scalars: StepScalars): Promise<StepResult> {
    const { learningRate, update, seed } = scalars;
    const batch = onlyBatch(microBatches).map((text, row) => this.options.objective.redraw(text, seed, update, row));
    const { graph, inputs, fetch } = this.training;
    const feeds = this.feeds(batch, inputs);
    const results = await graph.run(
      {
        ...feeds,
        ...dropoutFeeds([...inputs.keys()], ["dropout", seed, update], namedDims(inputs, feeds)),
        ...rateFeeds(learningRate, update, this.options.optimizer),
      },
      fetch,
    );
    return { loss: single(results, "loss"), gradNorm: single(results, "grad_norm") };
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
      const feeds = this.feeds(batch, this.training.inputs);
      return floatsOf(await this.scoring.run(feeds, ["scores"]), "scores");
    });
    return objective.score(scored);
  }

  async close(): Promise<void> {
    await this.training.graph.close();
    await this.scoring.close();
  }
}
