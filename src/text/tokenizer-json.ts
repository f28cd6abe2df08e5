import { z } from "zod";
import { userError } from "../errors.js";
import { parseWith } from "../files/json.js";
import { listOf } from "../files/lists.js";
import type { AddedToken, MetaspaceOptions } from "./align.js";
import type { UnigramPieces } from "./unigram.js";
import type { TokenizerJson } from "./vocab-files.js";

/** What encoding needs to know of a tokenizer.json. */
export interface ReadTokenizerJson {
  readonly kind: "wordpiece" | "byte-level-bpe" | "unigram";
  readonly json: TokenizerJson;
  readonly vocab: ReadonlyMap<string, number>;
  readonly added: readonly AddedToken[];
  /** WordPiece: what marks a token that continues a word. */
  readonly prefix: string;
  /** BPE: a word that is a token as a whole is not cut. */
  readonly ignoreMerges: boolean;
  readonly addPrefixSpace: boolean;
  /** Unigram: its scores, and how words are cut. */
  readonly unigram?: ReadUnigram;
}

export interface ReadUnigram extends UnigramPieces {
  readonly scores: readonly number[];
  readonly metaspace: MetaspaceOptions;
}

/** Ids above this are no vocabulary but a broken file. */
const highestId = 1 << 24;
const id = z.int().min(0).max(highestId);
const supported = "a BERT-like (WordPiece), RoBERTa-like (byte-level BPE) or SentencePiece (Unigram) tokenizer";

const top = z.looseObject({
  added_tokens: listOf(z.unknown()).nullish(),
  normalizer: z.unknown().optional(),
  pre_tokenizer: z.unknown().optional(),
  post_processor: z.unknown().optional(),
  decoder: z.unknown().optional(),
  model: z.looseObject({ type: z.string().optional(), vocab: z.unknown().optional() }),
});

const addedToken = z
  .object({
    id,
    content: z.string().min(1),
    special: z.boolean().default(false),
    normalized: z.boolean().optional(),
    lstrip: z.boolean().default(false),
    rstrip: z.boolean().default(false),
    single_word: z.boolean().default(false),
  })
  .transform((token): AddedToken => ({ ...token, normalized: token.normalized ?? !token.special }));

const wordPiece = z.looseObject({
  unk_token: z.string(),
  continuing_subword_prefix: z.string().default("##"),
  max_input_chars_per_word: z.int().min(1).default(100),
});

const bpe = z.looseObject({
  unk_token: z.string().nullish(),
  ignore_merges: z.boolean().nullish(),
  byte_fallback: z.literal(false).nullish(),
  continuing_subword_prefix: z.literal("").nullish(),
  end_of_word_suffix: z.literal("").nullish(),
  merges: z.union([listOf(z.string()), listOf(z.tuple([z.string(), z.string()]))]),
});

const byteLevel = z.looseObject({
  type: z.literal("ByteLevel"),
  add_prefix_space: z.boolean().default(true),
  use_regex: z.literal(true).default(true),
});

const unigram = z.looseObject({
  unk_id: id,
  vocab: listOf(z.tuple([z.string().min(1), z.number()]), { least: 1, most: highestId }),
  byte_fallback: z.literal(false).nullish(),
  /** Written by this project: ids of pieces that no text becomes. */
  unused: listOf(id).optional(),
});

const metaspace = z.looseObject({
  type: z.literal("Metaspace"),
  replacement: z.literal("▁").default("▁"),
  add_prefix_space: z.boolean().optional(),
  prepend_scheme: z.enum(["always", "first", "never"]).optional(),
  split: z.boolean().default(true),
  /** Written by this project for a `.model` file: a space is put in front also of a text that begins with its sign. */
  before_its_sign: z.boolean().default(false),
});

const splitFirst = z.looseObject({
  type: z.literal("Sequence"),
  pretokenizers: z.tuple([z.looseObject({ type: z.literal("WhitespaceSplit") }), metaspace]),
});

function check<T>(schema: z.ZodType<T>, value: unknown, where: string, at: string): T {
  const about = { expected: supported, fix: "use the tokenizer.json that was published with the model" };
  return parseWith(schema, value, where, about, at);
}

/** A vocabulary object (token to id), as a map; ids must be unique. */
export function parseVocabulary(value: unknown, where: string): Map<string, number> {
  const fail = (what: string) =>
    userError({ where, what, expected: "an object {token: id}", fix: "take the model's own file" });
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fail("the vocabulary is no JSON object");
  const vocab = new Map<string, number>();
  const used = new Set<number>();
  for (const [token, given] of Object.entries(value) as [string, unknown][]) {
    const name = JSON.stringify(token.slice(0, 60));
    if (typeof given !== "number" || !Number.isInteger(given) || given < 0 || given > highestId) {
      throw fail(`token ${name} has the id ${JSON.stringify(given)?.slice(0, 60)}`);
    }
    if (used.has(given)) throw fail(`token ${name} has the id ${given}, which another token has too`);
    used.add(given);
    vocab.set(token, given);
  }
  if (vocab.size === 0) throw fail("the vocabulary is empty");
  return vocab;
}

function kindOf(model: TokenizerJson["model"]): string | undefined {
  const { type } = model as { type?: string };
  if (type !== undefined) return type;
  // Files of before 2020 do not name the type.
  return "merges" in model ? "BPE" : "continuing_subword_prefix" in model ? "WordPiece" : undefined;
}

/** Every space begins a word; where spaces stand together, the last one does and the others are words. */
const wordsAtSpaces = /▁[^▁]*|[^▁]+/gu;
const wholeText = /[\s\S]+/gu;

function readUnigram(model: unknown, preTokenizer: unknown, added: readonly AddedToken[], where: string) {
  const { vocab: list, unk_id: unknownId, unused = [] } = check(unigram, model, where, "model");
  const vocab = new Map<string, number>();
  const pieces = new Map<string, { readonly id: number; readonly score: number }>();
  const left = new Set([unknownId, ...unused, ...added.filter(({ special }) => special).map((token) => token.id)]);
  for (const [index, [piece, score]] of list.entries()) {
    if (vocab.has(piece)) throw userError({ where, what: `model.vocab.${index}: the piece is there twice` });
    vocab.set(piece, index);
    if (!left.has(index)) pieces.set(piece, { id: index, score });
  }
  if (unknownId >= list.length) throw userError({ where, what: `model.unk_id: there is no piece ${unknownId}` });
  const splitWhiteSpace = splitFirst.safeParse(preTokenizer).success;
  const pre = splitWhiteSpace
    ? check(splitFirst, preTokenizer, where, "pre_tokenizer").pretokenizers[1]
    : check(metaspace, preTokenizer, where, "pre_tokenizer");
  const read: ReadUnigram = {
    pieces,
    unknownId,
    scores: list.map(([, score]) => score),
    metaspace: {
      prepend: pre.prepend_scheme ?? (pre.add_prefix_space === false ? "never" : "always"),
      unless: pre.before_its_sign ? /^ / : /^[ ▁]/,
      splitWhiteSpace,
      words: pre.split ? wordsAtSpaces : wholeText,
    },
  };
  return { vocab, read };
}

/** Those without a pattern of their own, which could take for ever (`Replace`, and whatever holds one). */
const decoder = z
  .looseObject({ type: z.enum(["WordPiece", "ByteLevel", "Metaspace", "BPEDecoder", "Fuse", "ByteFallback"]) })
  .nullable();

/** Checks tokenizer.json's object and reads from it what encoding needs. */
export function parseTokenizerJson(value: unknown, where: string): ReadTokenizerJson {
  const read = check(top, value, where, "");
  const added = (read.added_tokens ?? []).map((token, index) =>
    check(addedToken, token, where, `added_tokens.${index}`),
  );
  const type = kindOf(read.model);
  const model = { ...read.model, type };
  const json: TokenizerJson = {
    added_tokens: added.map((token) => ({ ...token })),
    normalizer: read.normalizer ?? null,
    pre_tokenizer: read.pre_tokenizer ?? null,
    post_processor: null,
    decoder: type === "Unigram" ? null : check(decoder, read.decoder ?? null, where, "decoder"),
    model,
  };
  const none = { added, prefix: "", ignoreMerges: false, addPrefixSpace: false };
  if (type === "Unigram") {
    const { vocab, read: made } = readUnigram(model, read.pre_tokenizer, added, where);
    return { ...none, kind: "unigram", json, vocab, unigram: made };
  }
  const vocab = parseVocabulary(read.model.vocab, `${where}: model.vocab`);
  if (type === "WordPiece") {
    const settings = check(wordPiece, model, where, "model");
    check(z.looseObject({ type: z.literal("BertPreTokenizer") }), read.pre_tokenizer, where, "pre_tokenizer");
    if (!vocab.has(settings.unk_token))
      throw userError({
        where,
        what: `model.unk_token ${JSON.stringify(settings.unk_token)} is not in the vocabulary`,
      });
    const prefix = settings.continuing_subword_prefix;
    return { ...none, kind: "wordpiece", json: { ...json, model: settings }, vocab, prefix };
  }
  if (type === "BPE") {
    const settings = check(bpe, model, where, "model");
    const pre = check(byteLevel, read.pre_tokenizer, where, "pre_tokenizer");
    return {
      ...none,
      kind: "byte-level-bpe",
      json,
      vocab,
      ignoreMerges: settings.ignore_merges ?? false,
      addPrefixSpace: pre.add_prefix_space,
    };
  }
  throw userError({ where, what: `model.type ${JSON.stringify(type ?? null)} is not supported`, expected: supported });
}
