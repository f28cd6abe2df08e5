import type { TokenBlock } from "../data/text.js";
import type { RandomStream } from "../random.js";
import type { maskings } from "../settings/choices.js";
import type { SpecialTokens } from "../text/tokenizer.js";

export interface MaskingOptions {
  /** What is drawn: single tokens, or all tokens of a word together. */
  readonly masking: (typeof maskings)[number];
  /** Share of tokens that are predicted. */
  readonly rate: number;
  readonly maskToken: number;
  readonly vocabSize: number;
  /** Ids that are never predicted and never put in place of another. */
  readonly specials: ReadonlySet<number>;
}

/** A text with holes. */
export interface MaskedTokens {
  readonly ids: Int32Array;
  /** Indices of the tokens that are predicted, ascending, and what stood there. */
  readonly positions: readonly number[];
  readonly targets: readonly number[];
}

/**
 * BERT's masking (arXiv 1810.04805, §3.1 and `create_pretraining_data.py`): of the tokens that are predicted 80 % become
 * the mask, 10 % a random token, 10 % stay. At least one token is predicted where any can be.
 */
export function maskTokens({ ids, words }: TokenBlock, options: MaskingOptions, random: RandomStream): MaskedTokens {
  const groups = random.shuffle(maskable(ids, words, options));
  const all = groups.reduce((sum, { length }) => sum + length, 0);
  const wanted = Math.max(1, Math.round(options.rate * all));
  const chosen: number[] = [];
  for (const group of groups) {
    if (chosen.length >= wanted) break;
    // A word that would overshoot is passed over for a shorter one, but the first is always taken.
    if (chosen.length > 0 && chosen.length + group.length > wanted) continue;
    chosen.push(...group);
  }
  const positions = chosen.sort((a, b) => a - b);
  const masked = ids.slice();
  for (const position of positions) masked[position] = replacement(ids[position] as number, options, random);
  return { ids: masked, positions, targets: positions.map((position) => ids[position] as number) };
}

/** Indices that can be hidden, those of a word together where words are. */
function maskable(ids: Int32Array, words: Int32Array, { masking, specials }: MaskingOptions): number[][] {
  const groups: number[][] = [];
  ids.forEach((id, i) => {
    if (specials.has(id)) return;
    const group = groups.at(-1);
    const joins = masking === "whole-word" && group && words[group[0] as number] === words[i];
    if (joins) group.push(i);
    else groups.push([i]);
  });
  return groups;
}

function replacement(id: number, { maskToken, vocabSize, specials }: MaskingOptions, random: RandomStream): number {
  const draw = random.uniform();
  if (draw < 0.8) return maskToken;
  if (draw >= 0.9) return id;
  let other = random.below(vocabSize);
  while (specials.has(other)) other = random.below(vocabSize);
  return other;
}

/** The ids of special tokens that a tokenizer has. */
export function specialIds(specials: SpecialTokens): ReadonlySet<number> {
  const { cls, sep, pad, mask, unk } = specials;
  return new Set([cls, sep, pad, mask, unk].filter((id) => id !== undefined));
}
