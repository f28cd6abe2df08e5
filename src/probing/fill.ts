import { setting, userError } from "../errors.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { AnswerTokens, type Cloze, clozeOf, logSumExp, topIndices } from "./answers.js";
import { scoreAnswers } from "./candidates.js";
import type { ClozeModel } from "./cloze-model.js";

/** A word for the mask. */
export interface Filling {
  readonly word: string;
  /** Among given candidates, their share; else among the whole vocabulary. */
  readonly probability: number;
  /** log-probability; of several tokens the pseudo-log-likelihood. */
  readonly score: number;
}

export interface FillOptions {
  readonly top: number;
  /** Words that compete, of one token or several; the whole vocabulary where it is left out. */
  readonly candidates?: readonly string[] | undefined;
}

/** A token for a hole, and its log-probability. */
export interface RankedToken {
  readonly id: number;
  readonly score: number;
}

/** How many holes are asked. */
export interface FillHow {
  readonly top: number;
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

/** The likeliest tokens of each text's hole, the likeliest first: by set, then by text. */
export async function likeliestTokens(
  model: ClozeModel,
  clozes: readonly Cloze[],
  { top, batchSize, signal }: FillHow,
): Promise<readonly (readonly (readonly RankedToken[])[])[]> {
  const found = model.names.map((): RankedToken[][] => []);
  const use = (set: number, text: number, logits: Float32Array) => {
    const total = logSumExp(logits);
    const tokens = topIndices(logits, top).map((id) => ({ id, score: (logits[id] as number) - total }));
    (found[set] as RankedToken[][])[text] = tokens;
  };
  await model.ask(clozes, batchSize, use, signal);
  return found;
}

/** A token as a word, without the space before it. */
export const tokenWord = (tokenizer: Tokenizer, id: number): string => tokenizer.decode([id]).trim();

/** The likeliest words for a text's mask, by set of adapters. */
export async function fill(
  model: ClozeModel,
  text: string,
  { top, candidates }: FillOptions,
): Promise<Readonly<Record<string, readonly Filling[]>>> {
  const cloze = clozeOf(text, model.tokenizer);
  const found: Record<string, readonly Filling[]> = {};
  if (candidates === undefined) {
    const tokens = await likeliestTokens(model, [cloze], { top, batchSize: 1 });
    model.names.forEach((name, set) => {
      found[name] = (tokens[set]?.[0] ?? []).map(({ id, score }) => {
        return { word: tokenWord(model.tokenizer, id), probability: Math.exp(score), score };
      });
    });
    return found;
  }
  const tokens = new AnswerTokens(model.tokenizer);
  const answers = candidates.map((word) => {
    const ids = tokens.ids(word);
    if (ids.length > 0) return ids;
    throw userError({ where: setting("candidates"), what: `the model has no tokens for ${JSON.stringify(word)}` });
  });
  const scores = await scoreAnswers(model, [cloze], answers, 64);
  model.names.forEach((name, set) => {
    const row = Float32Array.from(scores[set]?.[0] ?? []);
    const total = logSumExp(row);
    found[name] = topIndices(row, top).map((i) => {
      const score = row[i] as number;
      return { word: candidates[i] as string, probability: Math.exp(score - total), score };
    });
  });
  return found;
}
