import { setting, userError } from "../errors.js";
import { AnswerTokens, clozeOf, logSumExp, topIndices } from "./answers.js";
import { scoreAnswers } from "./candidates.js";
import type { ClozeModel } from "./cloze-model.js";

/** A word for the hole. */
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

/** The likeliest fillings of a text's hole, by set of adapters. */
export async function fill(
  model: ClozeModel,
  text: string,
  { top, candidates }: FillOptions,
): Promise<Readonly<Record<string, readonly Filling[]>>> {
  const cloze = clozeOf(text, model.tokenizer);
  const found: Record<string, readonly Filling[]> = {};
  if (candidates === undefined) {
    await model.ask([cloze], 1, (set, _text, logits) => {
      const total = logSumExp(logits);
      found[model.names[set] as string] = topIndices(logits, top).map((id) => {
        const score = (logits[id] as number) - total;
        return { word: model.tokenizer.decode([id]).trim(), probability: Math.exp(score), score };
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
