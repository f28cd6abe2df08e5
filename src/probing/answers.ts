/**
 * Which answers a model can give, as token ids.
 * @module
 */
import { type UserError, userError } from "../errors.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { wordIds } from "../text/word-ids.js";

/** A position of a text. */
export interface TextPosition {
  readonly inputIds: readonly number[];
  readonly position: number;
}

/** A text with one hole. */
export interface Cloze extends TextPosition {
  /**
   * The text whose subjects decide which adapters have a say, and the hole in it, where it is another one: words that were
   * put in place of masks are answers, and open no gate.
   */
  readonly gatedBy?: TextPosition;
}

/**
 * A text with masks. Masks that stand together are one hole: one answer of as many tokens. For a causal model it is what
 * stands before its only hole.
 */
export interface MaskedText {
  readonly inputIds: readonly number[];
  /**
   * The positions of each hole, in the order of the text. For a causal model: those at which its tokens are told, the
   * first at the text's last token, the others at tokens that are yet to come.
   */
  readonly holes: readonly (readonly number[])[];
}

/** More masks are not filled together. */
export const mostMasks = 32;

/** Words as a tokenizer sees them. */
export class AnswerTokens {
  /** Whether the tokenizer makes no difference between upper and lower case. */
  readonly uncased: boolean;

  constructor(private readonly tokenizer: Tokenizer) {
    this.uncased = String(tokenizer.encode("Paris London").ids) === String(tokenizer.encode("paris london").ids);
  }

  /** A word as it is compared: an uncased model's answers are compared lower-cased. */
  key(word: string): string {
    return this.uncased ? word.toLowerCase() : word;
  }

  /** See {@link wordIds}. */
  ids(word: string): readonly number[] {
    return wordIds(this.tokenizer, word);
  }

  /** The token that is the whole word; undefined where it takes several, or none stands for it. */
  single(word: string): number | undefined {
    const ids = this.ids(word);
    return ids.length === 1 ? ids[0] : undefined;
  }

  /** Those of the words that are one token each: id by {@link key}. */
  singles(words: Iterable<string>): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    for (const word of words) {
      const id = this.single(word);
      if (id !== undefined) found.set(this.key(word), id);
    }
    return found;
  }
}

/** A model that cannot be asked for a masked word, such as GPT-2. */
export function noMask(where?: string): UserError {
  const what = "the model's tokenizer has no mask token";
  return userError({
    ...(where === undefined ? {} : { where }),
    what,
    expected: "a masked language model such as BERT",
  });
}

/** A text with one mask: `[MASK]` or the tokenizer's own mask token. */
export function clozeOf(text: string, tokenizer: Tokenizer, where?: string): Cloze {
  const { inputIds, positions, expected } = masksOf(text, tokenizer, where);
  const [position] = positions;
  if (position !== undefined && positions.length === 1) return { inputIds, position };
  throw userError({
    ...(where === undefined ? {} : { where }),
    what: `the text has ${positions.length} masks`,
    expected: `one ${expected}`,
    fix: "ask for one at a time",
  });
}

/**
 * A text with one mask or several: `[MASK]`, or the tokenizer's own mask token.
 *
 * @throws UserError where it has none, or more than {@link mostMasks}
 */
export function maskedText(text: string, { tokenizer, causal }: MaskReader, where?: string): MaskedText {
  const { inputIds, positions } = causal ? nextMasks(text, tokenizer, where) : masksOf(text, tokenizer, where);
  if (positions.length > mostMasks) {
    throw userError({
      ...(where === undefined ? {} : { where }),
      what: `the text has ${positions.length} masks`,
      expected: `at most ${mostMasks}`,
    });
  }
  const holes: number[][] = [];
  for (const position of positions) {
    const last = holes.at(-1);
    if (last?.at(-1) === position - 1) last.push(position);
    else holes.push([position]);
  }
  return { inputIds, holes };
}

/** What decides how masks are read. */
export interface MaskReader {
  readonly tokenizer: Tokenizer;
  /** Whether the model sees only what is before a mask. */
  readonly causal: boolean;
}

/** How many tokens a text has once its holes are filled. */
export const filledLength = ({ inputIds, holes }: MaskedText): number =>
  Math.max(inputIds.length, ...holes.flat().map((position) => position + 1));

/** @throws UserError where a causal model would not see all that stands around the mask */
function nextMasks(text: string, tokenizer: Tokenizer, where: string | undefined) {
  const [before = "", ...rest] = text.split("[MASK]");
  const fail = (what: string) =>
    userError({
      ...(where === undefined ? {} : { where }),
      what,
      expected: "[MASK] at the end of the text, for a model that reads from left to right",
    });
  if (rest.length === 0) throw fail("the text has no mask");
  if (before.trim() === "") throw fail("nothing stands before the mask");
  if (rest.some((part) => /[\p{L}\p{N}]/u.test(part))) throw fail("words stand after the mask");
  const { ids } = tokenizer.encode(before.trimEnd());
  const length = tokenizer.specialsInFront + ids.length;
  const inputIds = tokenizer.withSpecials(ids).slice(0, length);
  return { inputIds, positions: rest.map((_, i) => length - 1 + i) };
}

/** @throws UserError where there is no mask */
function masksOf(text: string, tokenizer: Tokenizer, where: string | undefined) {
  const { mask } = tokenizer.specials;
  const token = mask === undefined ? undefined : tokenizer.idToToken(mask);
  if (mask === undefined || token === undefined) {
    throw noMask();
  }
  // Some tokenizers would make a token of a space between two masks.
  const parts = text.replaceAll("[MASK]", token).split(token);
  const inner = (i: number) => i > 0 && i < parts.length - 1;
  const joined = parts.map((part, i) => (inner(i) && part.trim() === "" ? "" : part)).join(token);
  const inputIds = tokenizer.withSpecials(tokenizer.encode(joined).ids);
  const positions = [...inputIds.keys()].filter((i) => inputIds[i] === mask);
  const expected = `[MASK]${token === "[MASK]" ? "" : ` (or ${token})`}`;
  if (positions.length > 0) return { inputIds, positions, expected };
  throw userError({
    ...(where === undefined ? {} : { where }),
    what: "the text has no mask",
    expected: `one ${expected}`,
    fix: "put [MASK] where a word is to be filled in",
  });
}

/** A text with so many masks in place of its one. */
export function withMasks({ inputIds, position }: Cloze, count: number, causal: boolean): MaskedText {
  if (causal) return { inputIds, holes: [Array.from({ length: count }, (_, i) => position + i)] };
  const mask = inputIds[position] as number;
  const masks = new Array<number>(count).fill(mask);
  return {
    inputIds: [...inputIds.slice(0, position), ...masks, ...inputIds.slice(position + 1)],
    holes: [masks.map((_, i) => position + i)],
  };
}

/** The pseudo-log-likelihood's texts for an answer of several tokens: it stands in place of the mask, one of its tokens masked in each. */
export function pseudoClozes(cloze: Cloze, answer: readonly number[]): readonly Cloze[] {
  const { inputIds, position, gatedBy = { inputIds, position } } = cloze;
  const mask = inputIds[position] as number;
  return answer.map((_, hidden) => ({
    inputIds: [
      ...inputIds.slice(0, position),
      ...answer.map((id, i) => (i === hidden ? mask : id)),
      ...inputIds.slice(position + 1),
    ],
    position: position + hidden,
    gatedBy,
  }));
}

/** A causal model's texts for an answer: each of its tokens is asked after those before it. */
export function chainClozes(cloze: Cloze, answer: readonly number[]) {
  const { inputIds, position, gatedBy = { inputIds, position } } = cloze;
  const whole = [...inputIds, ...answer.slice(0, -1)];
  return answer.map((_, i): Cloze => ({ inputIds: whole, position: position + i, gatedBy }));
}

/** log Σ exp, without overflow. */
export function logSumExp(values: Float32Array): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of values) if (value > highest) highest = value;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - highest);
  return highest + Math.log(sum);
}

/** Indices of the highest scores, the highest first; the earlier first at a tie. */
export function topIndices(scores: Float32Array | readonly number[], count: number): readonly number[] {
  const best: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] as number;
    if (best.length === count && !(score > (scores[best[count - 1] as number] as number))) continue;
    let at = best.length;
    while (at > 0 && score > (scores[best[at - 1] as number] as number)) at--;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
  }
  return best;
}
