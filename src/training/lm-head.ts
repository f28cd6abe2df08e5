/**
 * LAMA's procedure of the paper (§4.4): a new language-model head is trained on text, beside a backbone and adapters
 * that stay as they are.
 * @module
 */

import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { inferencePass } from "../engine/inference-pass.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { recordedName } from "../features/named-backbone.js";
import { readWordEmbeddings } from "../features/word-embeddings.js";
import { GraphBuilder, toOnnx, type Value } from "../graph/index.js";
import { LmHead, wordScores } from "../lm/lm-head.js";
import { adapterRecord, type LmHeadManifest, writeLmHead } from "../lm/lm-head-folder.js";
import type { EncodedMasked, MaskedLmScores } from "../lm/masked-lm.js";
import type { DrawnText, MaskedTexts } from "../lm/masked-texts.js";
import { scoreTexts } from "../lm/score-texts.js";
import { logFrequencies } from "../lm/text-blocks.js";
import { ParamScope, type Pass } from "../nn/index.js";
import { crossEntropy } from "../tasks/losses.js";
import type { JsonObject } from "../tasks/task.js";
import { float32Tensor, floatsOf, int32Tensor } from "../tensor.js";
import { hashLists } from "../weights/hash.js";
import { tensorsOf } from "../weights/parameters.js";
import { type AdamWConfig, rateFeeds } from "./adamw.js";
import { optimizerOf, type RunConfig } from "./config.js";
import type { RunIdentity } from "./identity.js";
import { ParameterState, StatefulSession } from "./parameter-state.js";
import { type EndedRun, type OnEvent, type OpenTraining, type RunContext, readParameters, runTraining } from "./run.js";
import { onlyBatch, type StepResult, type StepScalars, type StepSession, single } from "./session.js";
import { fusedStep, stepSource } from "./step.js";
import { inMemory } from "./trainer.js";
import { asStored } from "./training-record.js";

/** How a head is trained. */
export interface LmHeadConfig extends RunConfig {
  readonly backbone: BackboneHandle;
  /** What it reads beside h[L]; none for the model alone. */
  readonly adapters: readonly OpenedAdapter[];
  /** The output matrix is the frozen word embedding. */
  readonly tied: boolean;
  /** Stored in the head's folder. */
  readonly recipe: JsonObject;
}

export interface LmHeadResult {
  readonly manifest: LmHeadManifest;
  readonly reason: "completed" | "early-stop" | "interrupted";
  /** Scores on the dev data; null for a training that was interrupted. */
  readonly scores: MaskedLmScores | null;
  /** True: a run whose backbone has changed ends with an error. */
  readonly backboneUnchanged: boolean;
}

/** The slot and input that hold the given output matrix. */
const tiedName = "tied.word_embeddings";

/**
 * Trains a head and writes its folder: the parameters that were best on the dev text. A text is masked differently in
 * each epoch; masks follow from seed, epoch and text, so heads that are trained on the same texts see the same masks.
 */
export function trainLmHead(
  executor: Executor,
  config: LmHeadConfig,
  texts: MaskedTexts,
  onEvent?: OnEvent,
  signal?: AbortSignal,
): Promise<LmHeadResult> {
  const prepare = async (context: RunContext) => ({
    data: identityOfTexts(texts),
    open: () => openLmHead(context, config, texts),
  });
  return runTraining(executor, config, prepare, onEvent, signal);
}

/** The texts, how they are masked, and whether their vectors come from a cache. */
function identityOfTexts({ task, train, dev, cached, options: { maxLength, draws } }: MaskedTexts): RunIdentity {
  const shown = { maxLength, draws, cached, options: task.options };
  const hashOf = (some: readonly EncodedMasked[]) => hashLists(some.map(({ block }) => block.ids));
  return {
    ...Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, JSON.stringify(value)])),
    train: hashOf(train),
    dev: hashOf(dev),
  };
}

async function openLmHead(
  { executor, onEvent }: RunContext,
  config: LmHeadConfig,
  texts: MaskedTexts,
): Promise<OpenTraining<EncodedMasked, MaskedLmScores, LmHeadResult>> {
  await texts.prepare(onEvent);
  const session = await LmHeadSession.open(executor, config, texts);
  const { task, train } = texts;
  const { parameters } = session.head;
  return {
    ...{ session, train: inMemory(train), parameters, trainable: parameters, backbone: config.backbone },
    evaluate: async () => task.evaluation(await session.score()),
    score: () => session.score(),
    finish: (ended) => finish(executor, config, session.head, train.length, ended),
  };
}

async function finish(
  executor: Executor,
  config: LmHeadConfig,
  head: LmHead,
  trainTexts: number,
  { last, scores, backboneHash }: EndedRun<MaskedLmScores>,
): Promise<LmHeadResult> {
  const metrics = { ...(scores ?? {}), bestStep: last.bestStep, steps: last.step, trainTexts };
  const manifest = manifestOf(config, head, metrics);
  if (scores !== null) {
    const parameters = await readParameters(executor, head.parameters);
    await writeLmHead(config.out, manifest, [...tensorsOf(parameters)]);
  }
  return { manifest, reason: last.reason, scores, backboneUnchanged: backboneHash.before === backboneHash.after };
}

/** Steps and scores of a head over frozen features. */
class LmHeadSession extends StatefulSession implements StepSession<EncodedMasked> {
  readonly accumulates = false;

  private constructor(
    private readonly config: LmHeadConfig,
    private readonly texts: MaskedTexts,
    readonly head: LmHead,
    private readonly optimizer: AdamWConfig,
    state: ParameterState,
    private readonly graphs: Graphs,
  ) {
    super(state);
  }

  static async open(executor: Executor, config: LmHeadConfig, texts: MaskedTexts): Promise<LmHeadSession> {
    const { backbone, adapters, tied } = config;
    const { hiddenSize, vocabSize } = backbone.config;
    const matrix = tied ? await readWordEmbeddings(backbone) : null;
    const featureSize = (1 + adapters.length) * hiddenSize;
    const head = new LmHead(
      ParamScope.root(),
      { featureSize, hiddenSize: matrix?.shape[1] ?? hiddenSize, vocabSize },
      tied,
    );
    if (matrix) await executor.setState({ [tiedName]: matrix });
    const optimizer = optimizerOf(config);
    // The bias starts at the words' frequencies: learning them would take most of a short training.
    const blocks = texts.train.map(({ block }) => block);
    const given = async () => ({ [head.biasName]: logFrequencies(blocks, vocabSize) });
    const state = new ParameterState(executor, head.parameters, head.parameters, given);
    const graphs = await loadGraphs(executor, head, tied, optimizer);
    return new LmHeadSession(config, texts, head, optimizer, state, graphs);
  }

  async step(microBatches: readonly (readonly EncodedMasked[])[], scalars: StepScalars): Promise<StepResult> {
    const { learningRate, update, epoch } = scalars;
    const batch = onlyBatch(microBatches).map((text) => this.texts.drawn(text, epoch));
    const feeds = { ...(await this.feeds(batch)), ...rateFeeds(learningRate, update, this.optimizer) };
    const results = await this.graphs.step.run(feeds, ["loss", "grad_norm"]);
    return { loss: single(results, "loss"), gradNorm: single(results, "grad_norm") };
  }

  private async feeds(batch: readonly DrawnText[]): Promise<Tensors> {
    const names = this.config.adapters.map(({ name }) => name);
    const features = await this.texts.vectors(batch, names);
    const labels = Int32Array.from(batch.flatMap(({ text }) => text.targets));
    return {
      features: float32Tensor([labels.length, this.head.sizes.featureSize], features),
      labels: int32Tensor([labels.length], labels),
    };
  }

  /** Scores the current parameters on the dev text. */
  async score(): Promise<MaskedLmScores> {
    const { dev, task } = this.texts;
    const scored = await scoreTexts(dev, this.config.settings.batchSize, async (indices) => {
      const batch = indices.map((i) => this.texts.held(i));
      return floatsOf(await this.graphs.score.run(await this.feeds(batch), ["scores"]), "scores");
    });
    return task.score(scored);
  }

  async close(): Promise<void> {
    await this.graphs.step.close();
    await this.graphs.score.close();
  }
}

interface Graphs {
  readonly step: Awaited<ReturnType<Executor["load"]>>;
  readonly score: Awaited<ReturnType<Executor["load"]>>;
}

async function loadGraphs(executor: Executor, head: LmHead, tied: boolean, optimizer: AdamWConfig): Promise<Graphs> {
  const { featureSize, hiddenSize, vocabSize } = head.sizes;
  const build = (pass: Pass): { readonly logits: Value; readonly labels: Value } => {
    const { g } = pass;
    const features = g.input("features", "float32", ["rows", featureSize]);
    const matrix = tied ? g.input(tiedName, "float32", [vocabSize, hiddenSize]) : null;
    return { logits: head.forward(pass, features, matrix), labels: g.input("labels", "int32", ["rows"]) };
  };
  const loss = (pass: Pass) => {
    const { logits, labels } = build(pass);
    return crossEntropy(pass.g, logits, labels);
  };
  const { updatesInPlace: inPlace } = executor;
  const step = fusedStep({ loss, trainable: head.parameters, optimizer, dropout: false, inPlace });
  const pass = inferencePass(new GraphBuilder(), executor);
  const { logits, labels } = build(pass);
  const score = pass.g.build({ scores: wordScores(pass, logits, labels) });
  return {
    step: await executor.load(stepSource(step)),
    score: await executor.load({ model: toOnnx(score) }),
  };
}

function manifestOf(
  { backbone, adapters, tied, recipe }: LmHeadConfig,
  { sizes }: LmHead,
  metrics: Readonly<Record<string, number>>,
): LmHeadManifest {
  return asStored({
    format: "kadapter-lm-head/1",
    adapters: adapters.map(adapterRecord),
    tied,
    backbone: { name: recordedName(backbone), hash: backbone.hash, configHash: backbone.configHash },
    sizes,
    recipe,
    metrics,
  });
}
