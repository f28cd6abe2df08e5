/**
 * Asking a causal language model: what stands before the object is the prompt, and the object's tokens come after it, one
 * by one.
 * @module
 */
import { contextWindow } from "../../text/markers.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { wordIds } from "../../text/word-ids.js";
import type { Skipped } from "../task.js";
import { type HiddenText, type Hiding, somePlaces, tokensAt } from "./hidden-tokens.js";
import type { QuestionExample } from "./recall-example.js";

/**
 * How a causal model is asked. Whoever learns sees the tokens before each (teacher forcing); so all of an object's tokens
 * are the likeliest exactly if the model, asked freely for one likeliest token after another, says the object.
 */
export const nextTokens = (tokenizer: Tokenizer): Hiding => ({
  ask: (example, maxLength) => askNext(example, tokenizer, maxLength),
  hide: ({ text, tokens }) => {
    const ids = tokenizer.encode(text).ids.slice(0, tokens);
    if (ids.length < 2) return { skipped: "no-word-to-hide" };
    // Nothing stands before the first one.
    return asked(tokenizer, ids, somePlaces(ids, 1));
  },
});

/** Such a model does not see what follows the object, so the wording ends there; the subject must stand before. */
function askNext(
  { kind, fact, wording }: QuestionExample,
  tokenizer: Tokenizer,
  maxLength: number,
): HiddenText | Skipped {
  const answer = wordIds(tokenizer, fact.object);
  if (answer.length === 0) return { skipped: "unknown-object" };
  const prompt = promptOf(wording);
  const start = prompt.indexOf("[X]");
  if (start < 0) return { skipped: "subject-after-object" };
  const { ids, offsets } = tokenizer.encode(prompt.replace("[X]", () => fact.subject));
  const subject = tokensAt(offsets, { start, end: start + fact.subject.length });
  const all = [...ids, ...(kind === "fact" ? answer : answer.slice(0, 1))];
  const room = maxLength - tokenizer.withSpecials([]).length;
  const window = contextWindow(all.length, Math.min(ids.length - 1, ...subject), all.length, room);
  if (!window) return { skipped: "too-long" };
  const places = [...all.keys()].slice(ids.length).map((i) => i - window.start);
  const found = asked(tokenizer, all.slice(window.start), places);
  return kind === "fact" ? found : { ...found, labels: [-100] };
}

/** What stands before the object. */
const promptOf = (wording: string): string => wording.slice(0, wording.indexOf("[Y]")).trimEnd();

/** The tokens at some places, each asked from the one before it; what stands after the last one is not needed. */
function asked(tokenizer: Tokenizer, ids: readonly number[], places: readonly number[]): HiddenText {
  const shown = ids.slice(0, places.at(-1));
  const inFront = tokenizer.specialsInFront;
  return {
    inputIds: tokenizer.withSpecials(shown).slice(0, inFront + shown.length),
    positions: places.map((i) => i - 1 + inFront),
    labels: places.map((i) => ids[i] as number),
  };
}
