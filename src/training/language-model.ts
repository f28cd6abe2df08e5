/**
 * Training of whole language models on plain text: from scratch, or on from a given one.
 * @module
 */
import type { TokenBlock } from "../data/text.js";
import type { TrainEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import { CausalLm, type LmObjective } from "../lm/causal-lm.js";
import { LanguageModel } from "../lm/language-model.js";
import type { LanguageModelStart } from "../lm/language-model-start.js";
import {
  type EncodedMasked,
  MaskedLm,
  type MaskedLmOptions,
  type MaskedLmScores,
  maskedLmSettings,
} from "../lm/masked-lm.js";
import { encodeBlocks } from "../lm/text-blocks.js";
import { float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import { toFloat16 } from "../weights/float16.js";
import { toFloat32 } from "../weights/float32.js";
import { hashLists } from "../weights/hash.js";
import { optimizerOf, type RunConfig } from "./config.js";
import { LanguageModelSession } from "./language-model-session.js";
import { leavesOn } from "./leaf-session.js";
import { type EndedRun, type OnEvent, type OpenTraining, type RunContext, runTraining } from "./run.js";
import { inMemory } from "./trainer.js";

/** How a language model is trained. */
export interface LanguageModelConfig extends RunConfig {
  readonly start: LanguageModelStart;
  readonly masking: Pick<MaskedLmOptions, "masking" | "rate" | "seed">;
  /** Share of tokens that are predicted in held-out text. */
  readonly heldOutRate: number;
  readonly maxLength: number;
  readonly dtype: "float16" | "float32";
  /** Tokens that were asked for of a vocabulary that is learnt: a run that goes on has the one it began with. */
  readonly vocabSize?: number;
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
  /** Scores of the parameters as they are written; null for a training that was interrupted. */
  readonly finished: {
    readonly dev: MaskedLmScores;
    readonly test: MaskedLmScores | null;
    readonly tensors: readonly (readonly [name: string, tensor: HostTensor])[];
  } | null;
}

type Finished = NonNullable<LanguageModelResult["finished"]>;

/** Trains a language model: the parameters that are best on the dev text. Masks follow from (seed, step, row). */
export function trainLanguageModel(
  executor: Executor,
  config: LanguageModelConfig,
  data: LanguageModelData,
  onEvent: OnEvent = () => undefined,
  signal?: AbortSignal,
): Promise<LanguageModelResult> {
  const read = { examples: 0, seconds: 0 };
  const count = async (event: TrainEvent) => {
    if (event.kind === "step") {
      read.examples += event.sentences;
      read.seconds += event.seconds;
    }
    await onEvent(event);
  };
  const { start, ...rest } = config;
  const prepare = async (context: RunContext) => {
    const texts = await encodeTexts(context, config, data);
    return {
      data: identityOf(start, texts.train, texts.heldOut.dev),
      open: () => openLanguageModel(context, config, texts, read),
    };
  };
  return runTraining(executor, rest, prepare, count, signal);
}

/** Texts as they are read and predicted. */
interface EncodedTexts {
  readonly objective: LmObjective;
  readonly train: readonly EncodedMasked[];
  readonly heldOut: HeldOut;
}

async function encodeTexts(
  { onEvent }: RunContext,
  config: LanguageModelConfig,
  data: LanguageModelData,
): Promise<EncodedTexts> {
  const encode = (by: LmObjective, set: keyof LanguageModelData) =>
    encodeBlocks(by, data[set], config.start.tokenizer, `${set} text`, onEvent);
  const objective = objectiveOf(config, config.masking.rate);
  const train = await encode(objective, "train");
  const held = objectiveOf(config, config.heldOutRate);
  return { objective, train, heldOut: { dev: await encode(held, "dev"), test: await encode(held, "test") } };
}

async function openLanguageModel(
  { executor, ranks }: RunContext,
  config: LanguageModelConfig,
  { objective, train, heldOut }: EncodedTexts,
  read: { readonly examples: number; readonly seconds: number },
): Promise<OpenTraining<EncodedMasked, Finished, LanguageModelResult>> {
  const { start, settings } = config;
  const model = new LanguageModel(start.definition.build(start.config));
  const session = await LanguageModelSession.open({
    ...{ executor, backbone: start, model, objective, given: start.given },
    optimizer: optimizerOf(config),
    batchSize: settings.batchSize,
    ranks: leavesOn(settings, ranks),
  });
  return {
    ...{
      session,
      train: inMemory(train),
      parameters: model.parameters,
      trainable: model.parameters,
      backbone: start.backbone,
    },
    evaluate: async () => objective.evaluation(await session.score(heldOut.dev)),
    score: () => scoreAsWritten(executor, config, model, session, heldOut),
    finish: async ({ last: { step: steps, reason, bestStep }, scores: finished }: EndedRun<Finished>) => {
      const tokens = tokensAfter(steps, train, settings.batchSize * (settings.leaves ?? 1));
      const run = { tokens: Math.round(read.examples * (tokensOf(train) / train.length)), seconds: read.seconds };
      return { reason, steps, bestStep, tokens, run, heldOut, finished };
    },
  };
}

/** Rounded as they will be written, so that the scores are those of the written weights. */
async function scoreAsWritten(
  executor: Executor,
  { dtype }: LanguageModelConfig,
  model: LanguageModel,
  session: LanguageModelSession,
  { dev, test }: HeldOut,
): Promise<Finished> {
  const tensors: [string, HostTensor][] = [];
  for (const { name, shape } of model.parameters) {
    const exact = float32Tensor(shape, floatsOf(await executor.getState([name]), name));
    const tensor = dtype === "float16" ? toFloat16(exact) : exact;
    tensors.push([name, tensor]);
    // A copy: what is handed to an executor may be moved there.
    await executor.setState({ [name]: float32Tensor(shape, toFloat32(tensor).slice()) });
  }
  return { dev: await session.score(dev), test: test.length > 0 ? await session.score(test) : null, tensors };
}

function objectiveOf({ start, masking, maxLength }: LanguageModelConfig, rate: number): LmObjective {
  const { config, tokenizer } = start;
  if (config.causal) return new CausalLm(maxLength);
  return new MaskedLm(maskedLmSettings(tokenizer, config.vocabSize, { ...masking, rate }), { maxLength });
}

const tokensOf = (texts: readonly EncodedMasked[]) => texts.reduce((sum, { inputIds }) => sum + inputIds.length, 0);

/** Tokens that so many steps read: exact at the end of an epoch, in proportion within one. */
function tokensAfter(steps: number, train: readonly EncodedMasked[], batchSize: number): number {
  return Math.round((steps / Math.ceil(train.length / batchSize)) * tokensOf(train));
}

/** The model that is trained and its text, see `identity.ts`. */
function identityOf(
  { config, backbone, tokenizer }: LanguageModelStart,
  train: readonly EncodedMasked[],
  dev: readonly EncodedMasked[],
) {
  const hashOf = (texts: readonly EncodedMasked[]) => hashLists(texts.map(({ block }) => block.ids));
  return {
    ...{ model: JSON.stringify(config), start: backbone?.hash ?? "new", tokenizer: tokenizer.hash },
    ...{ train: hashOf(train), dev: hashOf(dev) },
  };
}
