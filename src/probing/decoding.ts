/**
 * Answers of several tokens, decoded freely: nothing of the right answer is ever shown.
 *
 * All masks are hidden at once. Of a text that is partly filled, the model is asked for all masks that are left, in one
 * pass; the one at which its likeliest token is the most probable is filled next, with each of the likeliest tokens, and
 * the likeliest of all texts so made are kept: a beam. The easiest place first is the confidence-based order of X-FACTR
 * (Jiang et al. 2020, arXiv 2010.06189, §4.2), and of mask-predict, which keeps the most confident tokens and predicts
 * the others again (Ghazvininejad et al. 2019, arXiv 1904.09324); a token that is filled in stays here, so that an
 * answer's score is the sum of its tokens' log-probabilities, each beside those that were filled before it.
 *
 * A causal model is asked for one token after another, from left to right; the beam is the same.
 * @module
 */
import type { Tokenizer } from "../text/tokenizer.js";
import { type Cloze, logSumExp, type MaskedText, topIndices } from "./answers.js";
import type { ClozeModel } from "./cloze-model.js";

/** A token for a mask, and its log-probability. */
export interface RankedToken {
  readonly id: number;
  readonly score: number;
}

/** Tokens for all masks of a text, in their order, and the sum of their log-probabilities. */
export interface DecodedAnswer {
  readonly ids: readonly number[];
  readonly score: number;
}

/** What is decoded; `gatedBy` as in {@link Cloze}. */
export type HiddenText = MaskedText & Pick<Cloze, "gatedBy">;

export interface DecodingHow {
  /** Answers that are kept at every step, and in the end at most. */
  readonly beam: number;
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

/** A text that is partly filled. */
interface Partial {
  readonly inputIds: readonly number[];
  /** Positions of the masks that are left. */
  readonly hidden: readonly number[];
  readonly score: number;
}

/** By set of adapters, then by text. */
type Beams = readonly (readonly (readonly Partial[])[])[];

/** The likeliest answers to some texts, the likeliest first: by set of adapters, then by text. */
export async function decodeAnswers(
  model: ClozeModel,
  texts: readonly HiddenText[],
  how: DecodingHow,
): Promise<readonly (readonly (readonly DecodedAnswer[])[])[]> {
  const start = ({ inputIds, holes }: HiddenText) => [{ inputIds, hidden: holes.flat(), score: 0 }];
  let beams: Beams = model.names.map(() => texts.map(start));
  const most = Math.max(0, ...texts.map(({ holes }) => holes.flat().length));
  for (let step = 0; step < most; step++) beams = await filledOnce(model, texts, beams, how);
  const tokens = ({ inputIds, score }: Partial, { holes }: HiddenText) => ({
    // A causal model tells a token at the one before it.
    ids: holes.flat().map((position) => inputIds[position + (model.causal ? 1 : 0)] as number),
    score,
  });
  return beams.map((set) => set.map((found, text) => found.map((one) => tokens(one, texts[text] as HiddenText))));
}

/** The mask that is filled next, and with what. */
interface Place {
  readonly position: number;
  readonly tokens: readonly RankedToken[];
}

/** Every text that has masks left, with one of them filled. */
async function filledOnce(
  model: ClozeModel,
  texts: readonly HiddenText[],
  beams: Beams,
  { beam, batchSize, signal }: DecodingHow,
): Promise<Beams> {
  const asked = questionsOf(texts, beams, model.causal);
  const places = beams.map(() => new Map<string, Place>());
  const barred = specialIds(model.tokenizer);
  const use = (set: number, cloze: number, logits: Float32Array) => {
    const { key, position, sets } = asked[cloze] as AskedMask;
    if (!sets.has(set)) return;
    const tokens = likeliestOf(logits, beam, barred);
    const known = places[set]?.get(key);
    if (!known || (tokens[0]?.score ?? 0) > (known.tokens[0]?.score ?? 0)) places[set]?.set(key, { position, tokens });
  };
  await model.ask(asked, batchSize, use, signal);
  return beams.map((set, s) =>
    set.map((partials, text) => {
      const longer = partials.flatMap((one) => extended(one, places[s]?.get(keyOf(text, one)), model.causal));
      // Two orders may lead to the same text: the likelier one counts.
      const sorted = longer.sort((a, b) => b.score - a.score);
      return [...new Map(sorted.toReversed().map((one) => [one.inputIds.join(), one])).values()]
        .toReversed()
        .slice(0, beam);
    }),
  );
}

/** A mask of a text that is partly filled, and the sets of adapters that hold that text. */
interface AskedMask extends Cloze {
  readonly key: string;
  readonly sets: ReadonlySet<number>;
}

const keyOf = (text: number, { inputIds }: Partial) => `${text}:${inputIds.join()}`;

/** All masks that are left; a text that several sets hold is asked once. */
function questionsOf(texts: readonly HiddenText[], beams: Beams, causal: boolean): readonly AskedMask[] {
  const found = new Map<string, { readonly masks: AskedMask[]; readonly sets: Set<number> }>();
  beams.forEach((set, s) => {
    set.forEach((partials, text) => {
      const { inputIds: given, gatedBy } = texts[text] as HiddenText;
      // A causal model's next tokens stand behind what was given.
      const gated = (position: number) =>
        gatedBy ?? { inputIds: given, position: Math.min(position, given.length - 1) };
      for (const one of partials) {
        const key = keyOf(text, one);
        const known = found.get(key);
        if (known) {
          known.sets.add(s);
          continue;
        }
        const sets = new Set([s]);
        const { inputIds } = one;
        const hidden = causal ? one.hidden.slice(0, 1) : one.hidden;
        found.set(key, {
          masks: hidden.map((position) => ({ inputIds, position, gatedBy: gated(position), key, sets })),
          sets,
        });
      }
    });
  });
  return [...found.values()].flatMap(({ masks }) => masks);
}

/** A text with its next mask filled in each of the ways; one without masks stays as it is. */
function extended(one: Partial, place: Place | undefined, causal: boolean): readonly Partial[] {
  if (!place) return [one];
  const hidden = one.hidden.filter((position) => position !== place.position);
  return place.tokens.map(({ id, score }) => ({
    inputIds: causal ? [...one.inputIds, id] : one.inputIds.with(place.position, id),
    hidden,
    score: one.score + score,
  }));
}

/** The likeliest tokens, the likeliest first. */
export function likeliestOf(
  logits: Float32Array,
  count: number,
  barred: ReadonlySet<number> = new Set(),
): readonly RankedToken[] {
  const total = logSumExp(logits);
  return topIndices(logits, count + barred.size)
    .filter((id) => !barred.has(id))
    .slice(0, count)
    .map((id) => ({ id, score: (logits[id] as number) - total }));
}

/** Tokens that are no part of an answer. */
const specialIds = ({ specials }: Tokenizer): ReadonlySet<number> =>
  new Set(Object.values(specials).filter((id): id is number => id !== undefined));
