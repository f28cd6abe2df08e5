/// <reference types="node" preserve="true" />
/**
 * Text to token ids: tokenizers with character offsets, entity markers, truncation that never cuts an entity, and a
 * trainer of byte-level BPE vocabularies.
 *
 * @example
 * ```ts
 * import { loadTokenizer, markEntities } from "kadapter/text";
 *
 * const tokenizer = await loadTokenizer("models/minilm-l6");
 * const text = "Ada Lovelace was born in London.";
 * const marked = markEntities(tokenizer, text, { start: 0, end: 12 }, { start: 25, end: 31 }, { maxLength: 64 });
 * if ("skipped" in marked) console.log(marked.skipped);
 * else console.log(tokenizer.decode(marked.inputIds), marked.subject, marked.object);
 * // [CLS] @ ada lovelace @ was born in # london #. [SEP] 1 8
 * ```
 *
 * @module kadapter/text
 */
export { type BpeTrainingOptions, type TrainedBpe, trainBpe } from "./bpe-trainer.js";
export type { MarkedText, SkippedText, TextSpan } from "./marked-text.js";
export { contextWindow, type EntityVector, entityVectors, type MarkerOptions, markEntities } from "./markers.js";
export { type MarkedMention, type MentionOptions, markMention } from "./mention.js";
export { isWhiteSpace, officialEncode, stripWhiteSpace } from "./official.js";
export { joinParts } from "./parts.js";
export {
  createBpeTokenizer,
  createTokenizer,
  type Encoding,
  loadTokenizer,
  type SpecialTokens,
  type Tokenizer,
} from "./tokenizer.js";
export { bpeTokenizerJson } from "./vocab-files.js";
export { encodeWords, encodeWordsOfficially, type SpacedWord, type WordEncoding } from "./words.js";
