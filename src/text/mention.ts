import type { SkippedText, TextSpan } from "./marked-text.js";
import { checkSpan, contextWindow, markerIds, pieces } from "./markers.js";
import { officialEncode } from "./official.js";
import type { Tokenizer } from "./tokenizer.js";

/** How one entity is marked. */
export interface MentionOptions {
  /** Most tokens of the result, special tokens included. */
  readonly maxLength: number;
  /** Written before and after the mention; default `@`. */
  readonly marker?: string;
  /**
   * Follow the official code to the letter (`convert_examples_to_features_entity_typing`): the marker is the token with
   * a space in front (RoBERTa's ` @`), every piece is tokenised on its own, and nothing is cut. What is too long stops
   * OpenEntity's script; FIGER's leaves out what has the limit's length already.
   */
  readonly official?: false | "openentity" | "figer";
}

/** A text as token ids with one entity marked. */
export interface MarkedMention {
  readonly inputIds: number[];
  /** Index of the first marker: its vector stands for the entity. */
  readonly mention: number;
}

/**
 * Marks a text's entity, `@ … @` (K-Adapter's entity typing). A text that is too long is cut to a window around it.
 *
 * @throws UserError where the span is not a part of the text or the tokenizer lacks the marker
 */
export function markMention(
  tokenizer: Tokenizer,
  text: string,
  span: TextSpan,
  options: MentionOptions,
): MarkedMention | SkippedText {
  checkSpan(text, span, "mention");
  const { marker = "@", maxLength, official = false } = options;
  if (official !== false) return markMentionOfficially(tokenizer, text, span, marker, maxLength, official);
  const around = markerIds(tokenizer, marker);
  const [before, inside, after] = pieces(text, [{ at: span.start }, { at: span.end }]).map((piece) =>
    piece === "" ? [] : tokenizer.encode(piece).ids,
  );
  const ids = [...before!, ...around, ...inside!, ...around, ...after!];
  const from = before!.length;
  const to = from + 2 * around.length + inside!.length;
  const window = contextWindow(ids.length, from, to, maxLength - tokenizer.withSpecials([]).length);
  if (window === undefined) return { skipped: "mention-too-long" };
  return {
    inputIds: tokenizer.withSpecials(ids.slice(window.start, window.end)),
    mention: from - window.start + tokenizer.specialsInFront,
  };
}

function markMentionOfficially(
  tokenizer: Tokenizer,
  text: string,
  { start, end }: TextSpan,
  marker: string,
  maxLength: number,
  official: "openentity" | "figer",
): MarkedMention | SkippedText {
  const around = officialEncode(tokenizer, marker);
  const before = officialEncode(tokenizer, text.slice(0, start));
  const inside = officialEncode(tokenizer, text.slice(start, end));
  const after = officialEncode(tokenizer, text.slice(end));
  const inputIds = tokenizer.withSpecials([...before, ...around, ...inside, ...around, ...after]);
  if (official === "figer" && inputIds.length >= maxLength) return { skipped: "too-long" };
  if (inputIds.length > maxLength) return { skipped: "official-code-fails" };
  return { inputIds, mention: before.length + 1 };
}
