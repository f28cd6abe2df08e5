import { basename, join } from "node:path";
import { usualLengths } from "../../backbones/text-length.js";
import type { TokenBlock } from "../../data/text.js";
import { userError } from "../../errors.js";
import { openBackbone } from "../../features/backbone-handle.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { readJson } from "../../files/json.js";
import { inOutputFolder } from "../../library/output-folder.js";
import { readable, trainerSettingsOf } from "../../library/plan.js";
import { languageModelCard } from "../../lm/language-model-card.js";
import { comparison } from "../../lm/language-model-comparison.js";
import {
  type ConfigJson,
  copyTokenizer,
  givenModelStart,
  removeModel,
  writeLanguageModel,
} from "../../lm/language-model-folder.js";
import type { LanguageModelStart } from "../../lm/language-model-start.js";
import { learnVocabulary, newModelConfig, newModelStart } from "../../lm/new-language-model.js";
import { collectTextBlocks } from "../../lm/text-blocks.js";
import { counted } from "../../phrases.js";
import { alone, firstThenOthers } from "../../ranks/index.js";
import type { LanguageModelSettings } from "../../settings/language-model.js";
import type { JsonObject } from "../../tasks/task.js";
import type { HostTensor } from "../../tensor.js";
import { loadTokenizer, type Tokenizer } from "../../text/tokenizer.js";
import { latestCheckpoint } from "../../training/checkpoint.js";
import {
  type LanguageModelConfig,
  type LanguageModelData,
  type LanguageModelResult,
  trainLanguageModel,
} from "../../training/language-model.js";
import { checkpointFolder } from "../../training/run.js";
import { asStored } from "../../training/training-record.js";
import type { RunRequest } from "../command.js";
import { type CommandContext, Interrupted } from "../run.js";
import { watchTraining } from "../watched.js";

type LmRequest = RunRequest<LanguageModelSettings>;

/** `pretrain lm`: a whole language model, from scratch or on from a given one. */
export async function run(request: LmRequest, context: CommandContext): Promise<void> {
  const { options, ...begin } = request;
  await inOutputFolder({ out: options.out, ...begin, ...ranksOf(context) }, () => train(request, context));
}

async function train({ options: given, resume }: LmRequest, context: CommandContext): Promise<void> {
  // What the first rank has written, such as a new vocabulary, the others read.
  const prepared = await firstThenOthers(context.ranks ?? alone(), () => prepare(given, resume, context));
  const { options, start, json, data } = prepared;
  await watchTraining(options, context, async (executor, onEvent) => {
    const plan = { ...planOf(options, resume, start), ...ranksOf(context) };
    const result = await trainLanguageModel(executor, plan, data, onEvent, context.signal);
    await report({ options, start, json, data, result }, context);
    if (result.reason === "interrupted") throw new Interrupted("continue with the same command and --resume");
  });
}

const ranksOf = ({ ranks }: CommandContext) => (ranks ? { ranks } : {});

const isFirst = ({ ranks }: CommandContext) => (ranks?.rank ?? 0) === 0;

type LmOptions = LanguageModelSettings & { readonly maxLength: number };

interface Prepared {
  readonly options: LmOptions;
  readonly start: LanguageModelStart;
  readonly json: ConfigJson;
  readonly data: LanguageModelData;
}

/** The model to begin with, and the text in its tokens. */
async function prepare(given: LanguageModelSettings, resume: boolean, context: CommandContext): Promise<Prepared> {
  const { backbone: name, out, maxLength = usualLengths.sentence } = given;
  if (name === undefined) {
    const options = { ...given, maxLength };
    const tokenizer = isFirst(context) ? await learntTokenizer(options, resume, context) : await loadTokenizer(out);
    const json = newModelConfig(options, tokenizer.vocabSize);
    const data = await readData(options, tokenizer);
    return { options, start: newModelStart(json, tokenizer, data.train, options.seed), json, data };
  }
  const backbone = await openBackbone(name);
  const options = readable(given, backbone);
  const start = givenModelStart(backbone);
  const json = (await readJson(join(backbone.folder, "config.json"), { what: "the configuration" })) as ConfigJson;
  const data = await readData(options, backbone.tokenizer);
  if (isFirst(context)) {
    if (!resume) await removeModel(out);
    await copyTokenizer(backbone.folder, out);
  }
  return { options, start, json, data };
}

/** Scores beside the baselines', the folder, and what there is to say. */
async function report(
  { options, start, json, data, result }: Prepared & { readonly result: LanguageModelResult },
  context: CommandContext,
): Promise<void> {
  const { output } = context;
  const {
    finished,
    reason,
    steps,
    bestStep,
    tokens,
    run: { tokens: ran, seconds },
  } = result;
  const tokensPerSecond = seconds > 0 ? Math.round(ran / seconds) : 0;
  const common = { out: options.out, reason, steps, bestStep, tokens, tokensPerSecond, options };
  if (finished === null) return output.result(common);
  const compare = comparison(start, data.train);
  const dev = compare(finished.dev, result.heldOut.dev);
  const tested = finished.test === null ? null : compare(finished.test, result.heldOut.test);
  const recipe = asStored<JsonObject>({
    ...options,
    train: undefined,
    test: undefined,
    out: undefined,
  });
  const facts = { ...factsOf(options, start, finished.tensors), steps, tokens, dev, tested, recipe };
  if (!isFirst(context)) return;
  await writeLanguageModel(options.out, start, json, finished.tensors, languageModelCard(facts));
  const results = { ...common, parameters: facts.parameters, dev, ...(tested === null ? {} : { test: tested }) };
  await writeFileAtomically(join(options.out, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  for (const [name, scores] of Object.entries({ dev, ...(tested === null ? {} : { test: tested }) })) {
    for (const [who, { perplexity, accuracy }] of Object.entries(scores)) {
      output.say(`${name}, ${who}: perplexity ${perplexity.toFixed(1)}, accuracy ${(100 * accuracy).toFixed(1)} %`);
    }
  }
  output.say(`${tokens.toLocaleString("en")} tokens read, ${tokensPerSecond} a second; the model is in ${options.out}`);
  output.result(results);
}

function factsOf(
  options: LmOptions,
  { definition, config }: LanguageModelStart,
  tensors: readonly (readonly [string, HostTensor])[],
) {
  return {
    name: basename(options.out),
    modelType: definition.kind,
    causal: config.causal,
    licence: options.licence ?? null,
    parameters: tensors.reduce((sum, [, { data }]) => sum + data.length, 0),
    vocabSize: config.vocabSize,
    maxLength: options.maxLength,
    layers: config.layers,
    hiddenSize: config.hiddenSize,
    base: options.backbone ?? null,
    train: options.train.map((file) => basename(file)),
    test: (options.test ?? []).map((file) => basename(file)),
  };
}

async function learntTokenizer(options: LmOptions, resume: boolean, { output }: CommandContext): Promise<Tokenizer> {
  const { out, train } = options;
  // Before the first checkpoint the tokenizer may be there in part, or be another run's.
  const begun = resume && (await latestCheckpoint(checkpointFolder(out))) !== null;
  const known = begun ? await loadTokenizer(out).catch(() => null) : null;
  if (known) return known;
  await removeModel(out);
  output.note(`learning a vocabulary of ${options.vocabSize} tokens from the training text`);
  const files = await learnVocabulary(train, options);
  for (const [name, content] of Object.entries(files)) await writeFileAtomically(join(out, name), content);
  return loadTokenizer(out);
}

async function readData(options: LmOptions, tokenizer: Tokenizer): Promise<LanguageModelData> {
  const { maxLength, devTexts } = options;
  const read = (files: readonly string[], limit?: number) =>
    collectTextBlocks(files, tokenizer, { maxLength, ...(limit === undefined ? {} : { limit }) });
  const all = await read(options.train);
  const test = options.test ? await read(options.test) : [];
  if (options.dev) return { train: all, dev: takeEvenly(await read(options.dev), devTexts).taken, test };
  const { taken, left } = takeEvenly(all, devTexts);
  if (left.length === 0) {
    throw userError({
      where: options.train.join(" "),
      what: `${counted(all.length, "text")} of ${maxLength} tokens: too few to keep ${devTexts} for evaluation`,
      fix: "give more text, or lower --dev-texts or --max-length",
    });
  }
  return { train: left, dev: taken, test };
}

/** So many blocks at equal distances, and the others. */
function takeEvenly(
  blocks: readonly TokenBlock[],
  count: number,
): { taken: readonly TokenBlock[]; left: readonly TokenBlock[] } {
  const taken = Math.min(count, blocks.length);
  const places = new Set(Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * blocks.length) / taken)));
  return { taken: blocks.filter((_, i) => places.has(i)), left: blocks.filter((_, i) => !places.has(i)) };
}

function planOf(options: LmOptions, resume: boolean, start: LanguageModelStart): LanguageModelConfig {
  const { out, masking, maskRate: rate, seed, maxLength, weightDecay, maxGradNorm, dtype } = options;
  return {
    start,
    out,
    masking: { masking, rate, seed },
    heldOutRate: 0.15,
    maxLength,
    settings: trainerSettingsOf(options),
    weightDecay,
    maxGradNorm,
    dtype,
    resume,
    ...(options.backbone === undefined && { vocabSize: options.vocabSize }),
  };
}
