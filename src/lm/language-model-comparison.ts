import type { TokenBlock } from "../data/text.js";
import type { ComparedScores } from "./language-model-card.js";
import type { LanguageModelStart } from "./language-model-start.js";
import type { EncodedMasked, MaskedLmScores } from "./masked-lm.js";
import { specialIds } from "./masking.js";
import { NgramBaseline, type Question } from "./ngram-baseline.js";

/** Puts a model's scores beside those of unigram and bigram models of its training text, on the same words. */
export function comparison(
  { config, tokenizer }: LanguageModelStart,
  train: readonly TokenBlock[],
): (model: MaskedLmScores, texts: readonly EncodedMasked[]) => ComparedScores {
  const baseline = new NgramBaseline(
    train,
    config.vocabSize,
    config.causal ? new Set() : specialIds(tokenizer.specials),
  );
  return (model, texts) => {
    const questions = texts.flatMap((text) => questionsOf(text, config.causal));
    return { model, bigram: baseline.bigram(questions), unigram: baseline.unigram(questions) };
  };
}

/** What a text asks, with the true left neighbour, hidden or not. */
function questionsOf({ positions, targets, block, specials, inputIds }: EncodedMasked, causal: boolean): Question[] {
  return positions.map((position, i) => {
    const word = targets[i] as number;
    if (causal) return { word, left: inputIds[position] as number };
    const left = block.ids[position - specials.before.length - 1];
    return { word, left: left ?? null };
  });
}
