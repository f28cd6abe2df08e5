/**
 * Texts of which some tokens are hidden, as a language model is asked for them.
 * @module
 */
import { userError } from "../../errors.js";
import { hash32, RandomStream } from "../../random.js";
import type { TextSpan } from "../../text/marked-text.js";
import { contextWindow } from "../../text/markers.js";
import type { Encoding, Tokenizer } from "../../text/tokenizer.js";
import { wordIds } from "../../text/word-ids.js";
import type { EncodedText, Skipped } from "../task.js";
import type { QuestionExample, TextExample } from "./recall-example.js";

/** Tokens that are hidden. */
export interface HiddenTokens {
  /** Where the model tells them: where they stand, or before a causal model's next token. */
  readonly positions: readonly number[];
  /** What they are; −100 where nobody knows. */
  readonly labels: readonly number[];
}

/** A text with hidden tokens. */
export type HiddenText = Pick<EncodedText, "inputIds"> & HiddenTokens;

/** How a model is asked for tokens. */
export interface Hiding {
  /** A wording with its object hidden. */
  ask(example: QuestionExample, maxLength: number): HiddenText | Skipped;
  /** The beginning of a text with some of its tokens hidden. */
  hide(example: TextExample): HiddenText | Skipped;
}

interface MaskToken {
  readonly id: number;
  readonly token: string;
}

/** @throws UserError where the model has none */
function maskOf({ specials: { mask: id }, idToToken }: Tokenizer): MaskToken {
  const token = id === undefined ? undefined : idToToken(id);
  if (id !== undefined && token !== undefined) return { id, token };
  throw userError({ what: "the tokenizer has no mask token", expected: "a masked language model such as BERT" });
}

/** How a masked language model is asked: hidden tokens are masks. */
export function maskedTokens(tokenizer: Tokenizer): Hiding {
  const mask = maskOf(tokenizer);
  return {
    ask: (example, maxLength) => askFor(example, tokenizer, mask, maxLength),
    hide: (example) => hideSome(example, tokenizer, mask.id),
  };
}

/** A wording with its object hidden, a mask for each of its tokens; one that is too long is cut around both names. */
function askFor(
  { kind, fact, wording }: QuestionExample,
  tokenizer: Tokenizer,
  mask: MaskToken,
  maxLength: number,
): HiddenText | Skipped {
  const answer = wordIds(tokenizer, fact.object);
  if (answer.length === 0) return { skipped: "unknown-object" };
  const hole = mask.token.repeat(answer.length);
  const { ids, offsets } = tokenizer.encode(questionText(wording, fact.subject, hole));
  const places = [...ids.keys()].filter((i) => ids[i] === mask.id);
  if (places.length !== answer.length) return { skipped: "mask-in-subject" };
  const subject = tokensAt(offsets, subjectPlace(wording, fact.subject, hole));
  const named = [...places, ...subject];
  const room = maxLength - tokenizer.withSpecials([]).length;
  const window = contextWindow(ids.length, Math.min(...named), Math.max(...named) + 1, room);
  if (!window) return { skipped: "too-long" };
  const inputIds = tokenizer.withSpecials(ids.slice(window.start, window.end));
  const positions = places.map((i) => i - window.start + tokenizer.specialsInFront);
  return { inputIds, positions, labels: kind === "fact" ? answer : answer.map(() => -100) };
}

/** A wording with its subject, and what stands in the object's place. */
export const questionText = (wording: string, subject: string, object: string): string =>
  // Functions as replacements: names hold `$`.
  wording.replace("[Y]", () => object).replace("[X]", () => subject);

/** Where the subject stands in {@link questionText}. */
function subjectPlace(wording: string, { length }: string, object: string): TextSpan {
  const [subjectAt, objectAt] = [wording.indexOf("[X]"), wording.indexOf("[Y]")];
  const start = objectAt < subjectAt ? subjectAt + object.length - "[Y]".length : subjectAt;
  return { start, end: start + length };
}

/** The tokens that stand for a part of a text. */
export const tokensAt = (offsets: Encoding["offsets"], { start, end }: TextSpan): readonly number[] =>
  [...offsets.keys()].filter((i) => {
    const [from, to] = offsets[i] as (typeof offsets)[number];
    return from < end && to > start;
  });

/** The beginning of a text, some of its tokens hidden: the same ones every time. */
function hideSome({ text, tokens }: TextExample, tokenizer: Tokenizer, mask: number): HiddenText | Skipped {
  const ids = tokenizer.encode(text).ids.slice(0, tokens);
  if (ids.length < 2) return { skipped: "no-word-to-hide" };
  const places = somePlaces(ids, 0);
  const chosen = new Set(places);
  const inputIds = tokenizer.withSpecials(ids.map((id, i) => (chosen.has(i) ? mask : id)));
  return {
    inputIds,
    positions: places.map((i) => i + tokenizer.specialsInFront),
    labels: places.map((i) => ids[i] as number),
  };
}

/** Share of a text's tokens that are hidden. */
const hiddenShare = 0.15;

/** Some of a text's tokens from the first that may be hidden, in their order: the same ones every time. */
export function somePlaces(ids: readonly number[], first: number): readonly number[] {
  const random = new RandomStream("recall text", hash32(...ids));
  const all = random.shuffle([...ids.keys()].slice(first));
  return all.slice(0, Math.max(1, Math.round(hiddenShare * ids.length))).sort((a, b) => a - b);
}
