import type { TokenBlock } from "../data/text.js";
import type { Evaluation, Prediction, Skipped } from "../tasks/task.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { type EncodedMasked, type MaskedLmScores, scoreWords, wordEvaluation } from "./masked-lm.js";

/** What a language model learns of a text: which words at which positions. */
export interface LmObjective {
  /** Decided by the text alone: held-out text is the same in every evaluation. */
  encode(block: TokenBlock, tokenizer: Tokenizer): EncodedMasked | Skipped;
  /** Another draw of what is predicted, which follows from the objective's seed and the keys alone. */
  redraw(encoded: EncodedMasked, ...keys: readonly number[]): EncodedMasked;
  score(predictions: Iterable<Prediction<EncodedMasked>>): MaskedLmScores;
  evaluation(scores: MaskedLmScores): Evaluation;
}

/** Causal language modelling (Radford et al. 2018, §3.1): each position predicts the next token. */
export class CausalLm implements LmObjective {
  constructor(private readonly maxLength: number) {}

  encode(block: TokenBlock, tokenizer: Tokenizer): EncodedMasked | Skipped {
    const inputIds = tokenizer.withSpecials([...block.ids]);
    if (inputIds.length > this.maxLength) return { skipped: "text-too-long" };
    if (inputIds.length < 2) return { skipped: "no-word-to-predict" };
    const positions = Array.from({ length: inputIds.length - 1 }, (_, i) => i);
    return { inputIds, positions, targets: inputIds.slice(1), block, specials: { before: [], after: [] } };
  }

  redraw(encoded: EncodedMasked): EncodedMasked {
    return encoded;
  }

  score(predictions: Iterable<Prediction<EncodedMasked>>): MaskedLmScores {
    return scoreWords(predictions);
  }

  evaluation(scores: MaskedLmScores): Evaluation {
    return wordEvaluation(scores);
  }
}
