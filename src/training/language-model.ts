/**
 * Training of whole language models on plain text: from scratch, or on from a given one.
 * @module
 */
import { join } from "node:path";
import type { BackboneConfig, BackboneDefinition } from "../backbones/index.js";
import type { TokenBlock } from "../data/text.js";
import type { DoneEvent, TrainEvent } from "../engine/events.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { userError } from "../errors.js";
import { CausalLm, type LmObjective } from "../lm/causal-lm.js";
import { LanguageModel } from "../lm/language-model.js";
import {
  type EncodedMasked,
  MaskedLm,
  type MaskedLmOptions,
  type MaskedLmScores,
  maskedLmSettings,
} from "../lm/masked-lm.js";
import type { JsonObject } from "../tasks/task.js";
import { isSkipped } from "../tasks/task-data.js";
import { elementCount, float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { toFloat16 } from "../weights/float16.js";
import { toFloat32 } from "../weights/float32.js";
import { hashLists } from "../weights/hash.js";
import { openSafetensors } from "../weights/safetensors.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { adamWDefaults } from "./adamw.js";
import { LanguageModelSession } from "./language-model-session.js";
import { checkpointFolder } from "./pretrain.js";
import { Trainer, type TrainerSettings } from "./trainer.js";

/** What a training starts from. */
export interface LanguageModelStart {
  readonly definition: BackboneDefinition;
  readonly config: BackboneConfig;
  readonly tokenizer: Tokenizer;
  /** Of the weights; null for a new model. */
  readonly hash: string | null;
  /** Start values; what is not among them is drawn. */
  readonly given: () => Promise<Tensors>;
}

export interface LanguageModelConfig {
  readonly start: LanguageModelStart;
  readonly out: string;
  readonly masking: Pick<MaskedLmOptions, "masking" | "rate" | "seed">;
  /** Share of tokens that are predicted in held-out text. */
  readonly heldOutRate: number;
  readonly maxLength: number;
  readonly settings: TrainerSettings;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly dtype: "float16" | "float32";
  readonly resume: boolean;
}

export interface LanguageModelData {
  readonly train: readonly TokenBlock[];
  /** Decides which parameters are the best. */
  readonly dev: readonly TokenBlock[];
  /** Scored once, at the end. */
  readonly test: readonly TokenBlock[];
}

/** Held-out text, masked in the same way whenever it is scored. */
export interface HeldOut {
  readonly dev: readonly EncodedMasked[];
  readonly test: readonly EncodedMasked[];
}

export interface LanguageModelResult {
  readonly reason: "completed" | "early-stop" | "interrupted";
  readonly steps: number;
  readonly bestStep: number;
  /** Tokens that were read, special ones included: in the whole training, and in this run of it. */
  readonly tokens: number;
  readonly run: { readonly tokens: number; readonly seconds: number };
  readonly heldOut: HeldOut;
  /** Of the parameters as they are written; null for a training that was interrupted. */
  readonly finished: {
    readonly dev: MaskedLmScores;
    readonly test: MaskedLmScores | null;
    readonly tensors: readonly (readonly [name: string, tensor: HostTensor])[];
  } | null;
}

type OnEvent = (event: TrainEvent) => Promise<void> | void;

/** Trains a language model: the parameters that are best on the dev text. Masks follow from (seed, step, row). */
export async function trainLanguageModel(
  executor: Executor,
  plan: LanguageModelConfig,
  data: LanguageModelData,
  onEvent: OnEvent = () => undefined,
  signal?: AbortSignal,
): Promise<LanguageModelResult> {
  const { start, settings, weightDecay, maxGradNorm } = plan;
  const model = new LanguageModel(start.definition.build(start.config));
  const objective = objectiveOf(plan, plan.masking.rate);
  const session = await LanguageModelSession.open({
    executor,
    backbone: start,
    model,
    objective,
    optimizer: { ...adamWDefaults, weightDecay, maxGradNorm },
    batchSize: settings.batchSize,
    given: start.given,
  });
  try {
    const train = encodeAll(objective, data.train, start.tokenizer);
    const held = objectiveOf(plan, plan.heldOutRate);
    const [dev, test] = [data.dev, data.test].map((blocks) => encodeAll(held, blocks, start.tokenizer));
    const heldOut = { dev: dev ?? [], test: test ?? [] };
    const best = join(checkpointFolder(plan.out), "best.safetensors");
    const trainer = new Trainer<EncodedMasked>({
      session,
      settings,
      train,
      evaluate: async () => objective.evaluation(await session.score(heldOut.dev)),
      keepBest: async (parameters) => writeSafetensors(best, Object.entries(await parameters())),
      readState: (slots) => executor.getState(slots),
      checkpoints: checkpointFolder(plan.out),
      identity: identityOf(plan, train),
      resume: plan.resume,
      parameters: model.parameters.map(({ name }) => name),
      parameterCount: model.parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    });
    const { last, run } = await follow(trainer, train, onEvent, signal);
    const finished = last.reason === "interrupted" ? null : await finish(executor, plan, model, session, heldOut, best);
    const { step: steps, reason, bestStep } = last;
    return { reason, steps, bestStep, tokens: tokensAfter(steps, train, settings.batchSize), run, heldOut, finished };
  } finally {
    await session.close();
  }
}

/** Rounded as it will be written, so that the scores are those of the written weights. */
async function finish(
  executor: Executor,
  { dtype }: LanguageModelConfig,
  model: LanguageModel,
  session: LanguageModelSession,
  { dev, test }: HeldOut,
  best: string,
): Promise<LanguageModelResult["finished"]> {
  const source = await openSafetensors(best);
  const tensors: [string, HostTensor][] = [];
  try {
    for (const { name, shape } of model.parameters) {
      const exact = float32Tensor(shape, floatsOf({ [name]: await source.read(name) }, name));
      const tensor = dtype === "float16" ? toFloat16(exact) : exact;
      tensors.push([name, tensor]);
      // A copy: what is handed to an executor may be moved there.
      await executor.setState({ [name]: float32Tensor(shape, toFloat32(tensor).slice()) });
    }
  } finally {
    await source.close();
  }
  return { dev: await session.score(dev), test: test.length > 0 ? await session.score(test) : null, tensors };
}

function objectiveOf({ start, masking, maxLength }: LanguageModelConfig, rate: number): LmObjective {
  const { config, tokenizer } = start;
  if (config.causal) return new CausalLm(maxLength);
  return new MaskedLm(maskedLmSettings(tokenizer, config.vocabSize, { ...masking, rate }), { maxLength });
}

function encodeAll(objective: LmObjective, blocks: readonly TokenBlock[], tokenizer: Tokenizer): EncodedMasked[] {
  const encoded = blocks.flatMap((block) => {
    const text = objective.encode(block, tokenizer);
    return isSkipped(text) ? [] : [text];
  });
  if (encoded.length > 0 || blocks.length === 0) return encoded;
  throw userError({ what: "no text has a word to predict", expected: "plain text" });
}

async function follow(
  trainer: Trainer<EncodedMasked>,
  train: readonly EncodedMasked[],
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
): Promise<{ readonly last: DoneEvent; readonly run: LanguageModelResult["run"] }> {
  const mean = tokensOf(train) / train.length;
  const run = { tokens: 0, seconds: 0 };
  const last = await trainer.finish(async (event) => {
    if (event.kind === "step") {
      run.tokens += event.sentences * mean;
      run.seconds += event.seconds;
    }
    await onEvent(event);
  }, signal);
  return { last, run: { tokens: Math.round(run.tokens), seconds: run.seconds } };
}

const tokensOf = (texts: readonly EncodedMasked[]) => texts.reduce((sum, { inputIds }) => sum + inputIds.length, 0);

/** Tokens that so many steps read: exact at the end of an epoch, in proportion within one. */
function tokensAfter(steps: number, train: readonly EncodedMasked[], batchSize: number): number {
  return Math.round((steps / Math.ceil(train.length / batchSize)) * tokensOf(train));
}

function identityOf(plan: LanguageModelConfig, train: readonly EncodedMasked[]) {
  const { saveEvery: _, ...settings } = plan.settings;
  const { masking, maxLength, weightDecay, maxGradNorm, start } = plan;
  const shown: JsonObject = JSON.parse(
    JSON.stringify({ ...settings, ...masking, maxLength, weightDecay, maxGradNorm, model: start.config }),
  );
  return {
    ...Object.fromEntries(Object.entries(shown).map(([key, value]) => [key, JSON.stringify(value)])),
    start: start.hash ?? "new",
    tokenizer: start.tokenizer.hash,
    train: hashLists(train.map(({ block }) => block.ids)),
  };
}
