import { maxTokens } from "../backbones/text-length.js";
import { setting, userError } from "../errors.js";
import type { Tokenizer } from "../text/tokenizer.js";
import {
  AnswerTokens,
  type Cloze,
  clozeOf,
  filledLength,
  logSumExp,
  type MaskedText,
  maskedText,
  mostMasks,
  topIndices,
  withMasks,
} from "./answers.js";
import { scoreAnswers } from "./candidates.js";
import type { ClozeModel } from "./cloze-model.js";
import { type DecodedAnswer, decodeAnswers, likeliestOf, type RankedToken } from "./decoding.js";

/** Words for the masks. */
export interface Filling {
  readonly word: string;
  /** The words of each hole, where the text has several. */
  readonly parts?: readonly string[];
  /**
   * Among given candidates, their share. Of one token, among the whole vocabulary; of several, the product of each
   * token's when it was filled in. Of answers of different lengths, the geometric mean of the tokens'
   * pseudo-likelihoods.
   */
  readonly probability: number;
  /**
   * log-probability; of candidates of several tokens the pseudo-log-likelihood, of answers of different lengths the
   * same by token.
   */
  readonly score: number;
}

export interface FillOptions {
  readonly top: number;
  /** Words that compete, of one token or several; the whole vocabulary where it is left out. */
  readonly candidates?: readonly string[] | undefined;
  /** The text's one mask stands for up to so many tokens. */
  readonly tokens?: number | undefined;
  /** Whoever asked has left where it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** How many answers are told, and how they are asked for. */
export interface FillHow extends Pick<FillOptions, "top" | "tokens" | "signal"> {
  readonly batchSize: number;
}

/** Answers of several tokens that are kept while they are decoded, at least and at most. */
const [leastBeam, mostBeam] = [8, 100];

/** The words of tokens, without the space before them. */
const answerWord = (tokenizer: Tokenizer, ids: readonly number[]): string => tokenizer.decode(ids).trim();

/**
 * The likeliest words for each text's masks, the likeliest first: by set of adapters, then by text. One mask has each
 * token's probability; several are decoded together, see src/probing/decoding.ts.
 *
 * @throws UserError where `tokens` is given and a text has several masks, or where too much is asked for
 */
export async function likeliestAnswers(
  model: ClozeModel,
  texts: readonly MaskedText[],
  how: FillHow,
): Promise<readonly (readonly (readonly Filling[])[])[]> {
  const { tokenizer } = model;
  const { top, tokens } = how;
  if (tokens !== undefined) return answersOfLengths(model, texts, tokens, how);
  const isSingle = ({ holes }: MaskedText) => holes.flat().length === 1;
  const singles = await likeliestTokens(model, texts.filter(isSingle).map(onlyMask), how);
  const others = texts.filter((text) => !isSingle(text));
  const decoded = others.length === 0 ? [] : await decodeAnswers(model, others, { ...how, beam: beamFor(top) });
  return model.names.map((_, set) => {
    const [ofOne, ofSeveral] = [(singles[set] ?? []).values(), (decoded[set] ?? []).values()];
    return texts.map((text) => {
      if (isSingle(text)) return (ofOne.next().value ?? []).map(({ id, score }) => filling(tokenizer, [[id]], score));
      const answers = (ofSeveral.next().value ?? []).slice(0, top);
      return answers.map(({ ids, score }) => filling(tokenizer, partsOf(ids, text), score));
    });
  });
}

/** @throws UserError where more answers are wanted than a beam holds */
function beamFor(top: number): number {
  if (top <= mostBeam) return Math.max(top, leastBeam);
  throw userError({
    where: setting("top"),
    what: `${top} answers of several tokens are too many`,
    expected: `at most ${mostBeam}`,
  });
}

const onlyMask = ({ inputIds, holes }: MaskedText): Cloze => ({ inputIds, position: holes[0]?.[0] as number });

/** The tokens of each hole. */
function partsOf(ids: readonly number[], { holes }: MaskedText): readonly (readonly number[])[] {
  const left = [...ids];
  return holes.map(({ length }) => left.splice(0, length));
}

/** @param score its exponential is the probability */
function filling(tokenizer: Tokenizer, holes: readonly (readonly number[])[], score: number): Filling {
  const parts = holes.map((ids) => answerWord(tokenizer, ids));
  return { word: parts.join(", "), ...(parts.length > 1 ? { parts } : {}), probability: Math.exp(score), score };
}

/** The likeliest tokens of each text's mask, the likeliest first: by set, then by text. */
async function likeliestTokens(
  model: ClozeModel,
  clozes: readonly Cloze[],
  { top, batchSize, signal }: FillHow,
): Promise<readonly (readonly (readonly RankedToken[])[])[]> {
  const found = model.names.map((): (readonly RankedToken[])[] => []);
  const use = (set: number, text: number, logits: Float32Array) => {
    (found[set] as (readonly RankedToken[])[])[text] = likeliestOf(logits, top);
  };
  await model.ask(clozes, batchSize, use, signal);
  return found;
}

/**
 * Answers of one token up to so many for the one mask of each text. Those of each length are decoded; all of them are
 * then compared by their pseudo-log-likelihood (Salazar et al. 2020, arXiv 1910.14659) divided by their number of tokens,
 * as X-FACTR compares lengths by the mean log-probability (arXiv 2010.06189, §4.2).
 */
async function answersOfLengths(
  model: ClozeModel,
  texts: readonly MaskedText[],
  tokens: number,
  { top, batchSize, signal }: FillHow,
): Promise<readonly (readonly (readonly Filling[])[])[]> {
  if (!Number.isInteger(tokens) || tokens < 1 || tokens > mostMasks) {
    const expected = `a whole number from 1 to ${mostMasks}`;
    throw userError({ where: setting("tokens"), what: `${tokens} is no length of an answer`, expected });
  }
  const clozes = texts.map(soleMask);
  const beam = beamFor(top);
  const lengths = Array.from({ length: tokens }, (_, i) => i + 1);
  const masked = clozes.flatMap((cloze) =>
    lengths.map((length) => ({ ...withMasks(cloze, length, model.causal), gatedBy: cloze })),
  );
  const decoded = await decodeAnswers(model, masked, { beam, batchSize, signal });
  const found = model.names.map((): (readonly Filling[])[] => []);
  for (const [text, cloze] of clozes.entries()) {
    const own = decoded.map((set) => set.slice(text * tokens, (text + 1) * tokens).flat());
    const scores = await lengthScores(model, cloze, own, { batchSize, signal });
    found.forEach((set, s) => {
      const ranked = (scores[s] ?? []).toSorted((a, b) => b.score - a.score).slice(0, top);
      set.push(ranked.map(({ ids, score }) => filling(model.tokenizer, [ids], score)));
    });
  }
  return found;
}

/** @throws UserError where a text has several masks */
function soleMask(text: MaskedText): Cloze {
  if (text.holes.flat().length === 1) return onlyMask(text);
  throw userError({
    where: setting("tokens"),
    what: `the text has ${text.holes.flat().length} masks`,
    expected: "one [MASK], which stands for answers of several lengths",
  });
}

/** The pseudo-log-likelihood by token of each set's own answers. */
async function lengthScores(
  model: ClozeModel,
  cloze: Cloze,
  answers: readonly (readonly DecodedAnswer[])[],
  { batchSize, signal }: Pick<FillHow, "batchSize" | "signal">,
): Promise<readonly (readonly DecodedAnswer[])[]> {
  const all = [...new Map(answers.flat().map(({ ids }) => [ids.join(), ids])).values()];
  const places = new Map(all.map((ids, i) => [ids.join(), i]));
  const scores = await scoreAnswers(model, [cloze], all, batchSize, signal);
  return answers.map((own, set) =>
    own.map(({ ids }) => {
      const total = scores[set]?.[0]?.[places.get(ids.join()) as number] as number;
      return { ids, score: total / ids.length };
    }),
  );
}

/**
 * The likeliest words for a text's masks, by set of adapters.
 *
 * @throws UserError where the text has no mask or more than 32, or several beside `candidates` or `tokens`
 */
export async function fill(
  model: ClozeModel,
  text: string,
  { top, candidates, tokens, signal }: FillOptions,
): Promise<Readonly<Record<string, readonly Filling[]>>> {
  if (candidates !== undefined) {
    const cloze = model.causal ? soleMask(maskedText(text, model)) : clozeOf(text, model.tokenizer);
    return fillCandidates(model, cloze, candidates, top, signal);
  }
  const masked = maskedText(text, model);
  requireFits(model, filledLength(masked) + (tokens ?? 1) - 1);
  const found = await likeliestAnswers(model, [masked], { top, tokens, batchSize: 32, signal });
  return Object.fromEntries(model.names.map((name, set) => [name, found[set]?.[0] ?? []]));
}

/** @throws UserError where a text has more tokens than the model reads */
function requireFits({ backbone }: ClozeModel, length: number): void {
  const most = maxTokens(backbone);
  if (length <= most) return;
  throw userError({ what: `the text has ${length} tokens with its answer`, expected: `at most ${most}` });
}

/** Given words, and the share of each. */
async function fillCandidates(
  model: ClozeModel,
  cloze: Cloze,
  candidates: readonly string[],
  top: number,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, readonly Filling[]>>> {
  const tokens = new AnswerTokens(model.tokenizer);
  const answers = candidates.map((word) => {
    const ids = tokens.ids(word);
    if (ids.length > 0) return ids;
    throw userError({ where: setting("candidates"), what: `the model has no tokens for ${JSON.stringify(word)}` });
  });
  requireFits(model, cloze.inputIds.length - 1 + Math.max(...answers.map(({ length }) => length)));
  const scores = await scoreAnswers(model, [cloze], answers, 64, signal);
  const ranked = (set: number) => {
    const row = Float32Array.from(scores[set]?.[0] ?? []);
    const total = logSumExp(row);
    return topIndices(row, top).map((i) => {
      const score = row[i] as number;
      return { word: candidates[i] as string, probability: Math.exp(score - total), score };
    });
  };
  return Object.fromEntries(model.names.map((name, set) => [name, ranked(set)]));
}
