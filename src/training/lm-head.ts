/**
 * LAMA's procedure of the paper (§4.4): a new language-model head is trained on text, beside a backbone and adapters
 * that stay as they are.
 * @module
 */
import { join } from "node:path";
import type { TrainEvent } from "../engine/events.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { inferencePass } from "../engine/inference-pass.js";
import { type BackboneHandle, openBackbone } from "../features/frozen-backbone.js";
import type { FrozenAdapter } from "../features/position-features.js";
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
import { elementCount, float32Tensor, floatsOf, int32Tensor } from "../tensor.js";
import { hashLists } from "../weights/hash.js";
import { readSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { type AdamWConfig, adamWDefaults, rateFeeds } from "./adamw.js";
import { ParameterState, StatefulSession } from "./parameter-state.js";
import { checkpointFolder } from "./pretrain.js";
import type { StepResult, StepScalars, StepSession } from "./session.js";
import { fusedStep, stepSource } from "./step.js";
import { Trainer, type TrainerSettings } from "./trainer.js";
import { asStored } from "./training-record.js";

/** How a head is trained. */
export interface LmHeadConfig {
  readonly backbone: BackboneHandle;
  /** What it reads beside h[L]; none for the model alone. */
  readonly adapters: readonly FrozenAdapter[];
  readonly out: string;
  /** The output matrix is the frozen word embedding. */
  readonly tied: boolean;
  readonly settings: TrainerSettings;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly resume: boolean;
  /** Stored in the head's folder. */
  readonly recipe: JsonObject;
}

export interface LmHeadResult {
  readonly manifest: LmHeadManifest;
  readonly reason: "completed" | "early-stop" | "interrupted";
  /** On the dev data; null for a training that was interrupted. */
  readonly scores: MaskedLmScores | null;
  readonly backboneUnchanged: boolean;
}

/** The slot and input that hold the given output matrix. */
const tiedName = "tied.word_embeddings";

/**
 * Trains a head and writes its folder: the parameters that were best on the dev text. A text is masked otherwise in
 * each epoch; masks follow from seed, epoch and text, so heads that are trained on the same texts see the same masks.
 */
export async function trainLmHead(
  executor: Executor,
  plan: LmHeadConfig,
  texts: MaskedTexts,
  onEvent: (event: TrainEvent) => Promise<void> | void = () => undefined,
  signal?: AbortSignal,
): Promise<LmHeadResult> {
  const { backbone, out } = plan;
  const { task, train } = texts;
  const session = await LmHeadSession.open(executor, plan, texts);
  try {
    const best = join(checkpointFolder(out), "best.safetensors");
    const trainer = new Trainer<EncodedMasked>({
      session,
      settings: plan.settings,
      train,
      evaluate: async () => task.evaluation(await session.score()),
      keepBest: async (parameters) => writeSafetensors(best, Object.entries(await parameters())),
      readState: (slots) => executor.getState(slots),
      checkpoints: checkpointFolder(out),
      identity: await identityOf(plan, texts),
      resume: plan.resume,
      parameters: session.head.parameters.map(({ name }) => name),
      parameterCount: session.head.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    });
    const last = await trainer.finish(onEvent, signal);
    const finished = last.reason !== "interrupted";
    if (finished) await session.restoreBest(best);
    const scores = finished ? await session.score() : null;
    const metrics = { ...(scores === null ? {} : scores), bestStep: last.bestStep, steps: last.step };
    const manifest = await manifestOf(plan, session.head, { ...metrics, trainTexts: train.length });
    if (finished) await writeLmHead(out, manifest, await session.tensors());
    const { hash } = await openBackbone(backbone.folder);
    return { manifest, reason: last.reason, scores, backboneUnchanged: hash === backbone.hash };
  } finally {
    await session.close();
  }
}

/** Steps and scores of a head over frozen features. */
class LmHeadSession extends StatefulSession implements StepSession<EncodedMasked> {
  private constructor(
    private readonly executor: Executor,
    private readonly plan: LmHeadConfig,
    private readonly texts: MaskedTexts,
    readonly head: LmHead,
    private readonly optimizer: AdamWConfig,
    state: ParameterState,
    private readonly graphs: Graphs,
  ) {
    super(state);
  }

  static async open(executor: Executor, plan: LmHeadConfig, texts: MaskedTexts): Promise<LmHeadSession> {
    const { backbone, adapters, tied, weightDecay, maxGradNorm } = plan;
    const { hiddenSize, vocabSize } = backbone.config;
    const matrix = tied ? await readWordEmbeddings(backbone) : null;
    const featureSize = (1 + adapters.length) * hiddenSize;
    const head = new LmHead(
      ParamScope.root(),
      { featureSize, hiddenSize: matrix?.shape[1] ?? hiddenSize, vocabSize },
      tied,
    );
    if (matrix) await executor.setState({ [tiedName]: matrix });
    const optimizer = { ...adamWDefaults, weightDecay, maxGradNorm };
    // The bias starts at the words' frequencies, which it would else take most of a short training to learn.
    const blocks = texts.train.map(({ block }) => block);
    const given = async () => ({ [head.biasName]: logFrequencies(blocks, vocabSize) });
    const state = new ParameterState(executor, head.parameters, head.parameters, given);
    const graphs = await loadGraphs(executor, head, tied, optimizer);
    return new LmHeadSession(executor, plan, texts, head, optimizer, state, graphs);
  }

  async step(microBatches: readonly (readonly EncodedMasked[])[], scalars: StepScalars): Promise<StepResult> {
    const { learningRate, update } = scalars;
    const { train } = this.texts;
    const epoch = Math.floor((update - 1) / Math.ceil(train.length / this.plan.settings.batchSize));
    const batch = (microBatches[0] ?? []).map((text) => this.texts.drawn(text, epoch));
    const feeds = { ...(await this.feeds(batch)), ...rateFeeds(learningRate, update, this.optimizer) };
    const results = await this.graphs.step.run(feeds, ["loss", "grad_norm"]);
    const [loss, gradNorm] = ["loss", "grad_norm"].map((name) => floatsOf(results, name)[0] as number);
    return { loss: loss as number, gradNorm: gradNorm as number };
  }

  private async feeds(batch: readonly DrawnText[]): Promise<Tensors> {
    const names = this.plan.adapters.map(({ name }) => name);
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
    const scored = await scoreTexts(dev, this.plan.settings.batchSize, async (indices) => {
      const batch = indices.map((i) => this.texts.held(i));
      return floatsOf(await this.graphs.score.run(await this.feeds(batch), ["scores"]), "scores");
    });
    return task.score(scored);
  }

  async close(): Promise<void> {
    await this.graphs.step.close();
    await this.graphs.score.close();
  }

  async restoreBest(file: string): Promise<void> {
    const names = this.head.parameters.map(({ name }) => name);
    await this.executor.setState(await readSafetensors(file, names));
  }

  async tensors() {
    const state = await this.executor.getState(this.head.parameters.map(({ name }) => name));
    return this.head.parameters.map(({ name, shape }) => [name, float32Tensor(shape, floatsOf(state, name))] as const);
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

async function identityOf(plan: LmHeadConfig, { task, train, cached, options: { maxLength, draws } }: MaskedTexts) {
  const { saveEvery: _, ...settings } = plan.settings;
  const { tied, weightDecay, maxGradNorm, adapters, backbone } = plan;
  const shown = { ...settings, tied, maxLength, weightDecay, maxGradNorm, draws, cached, options: task.options };
  const parts = await Promise.all(adapters.map(adapterRecord));
  return {
    ...Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, JSON.stringify(value)])),
    backbone: backbone.hash,
    adapters: parts.map(({ name, hash }) => `${name}=${hash}`).join(" "),
    train: hashLists(train.map(({ block }) => block.ids)),
  };
}

async function manifestOf(
  { backbone, adapters, tied, recipe }: LmHeadConfig,
  { sizes }: LmHead,
  metrics: Readonly<Record<string, number>>,
): Promise<LmHeadManifest> {
  return asStored({
    format: "kadapter-lm-head/1",
    adapters: await Promise.all(adapters.map(adapterRecord)),
    tied,
    backbone: { name: backbone.name, hash: backbone.hash },
    sizes,
    recipe,
    metrics,
  });
}
