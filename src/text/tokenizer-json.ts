import { z } from "zod";
import { userError } from "../errors.js";
import type { AddedToken } from "./align.js";
import type { TokenizerJson } from "./vocab-files.js";

/** What encoding needs to know of a tokenizer.json. */
export interface ReadTokenizerJson {
  readonly kind: "wordpiece" | "byte-level-bpe";
  readonly json: TokenizerJson;
  readonly vocab: ReadonlyMap<string, number>;
  readonly added: readonly AddedToken[];
  /** WordPiece: what marks a token that continues a word. */
  readonly prefix: string;
  /** BPE: a word that is a token as a whole is not cut. */
  readonly ignoreMerges: boolean;
  readonly addPrefixSpace: boolean;
}

/** Ids above this are no vocabulary but a broken file. */
const highestId = 1 << 24;
const id = z.int().min(0).max(highestId);
const supported = "a BERT-like (WordPiece) or RoBERTa-like (byte-level BPE) tokenizer";

const top = z.looseObject({
  added_tokens: z.array(z.unknown()).nullish(),
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
  merges: z.union([z.array(z.string()), z.array(z.tuple([z.string(), z.string()]))]),
});

const byteLevel = z.looseObject({
  type: z.literal("ByteLevel"),
  add_prefix_space: z.boolean().default(true),
  use_regex: z.literal(true).default(true),
});

function check<T>(schema: z.ZodType<T>, value: unknown, where: string, at: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw userError({
    where,
    what: `${[at, ...(issue?.path ?? [])].filter((part) => part !== "").join(".")}: ${issue?.message ?? "wrong"}`,
    expected: supported,
    fix: "use the tokenizer.json that was published with the model",
  });
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

/** Checks tokenizer.json's object and reads from it what encoding needs. */
export function parseTokenizerJson(value: unknown, where: string): ReadTokenizerJson {
  const read = check(top, value, where, "");
  const vocab = parseVocabulary(read.model.vocab, `${where}: model.vocab`);
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
    decoder: read.decoder ?? null,
    model,
  };
  if (type === "WordPiece") {
    const settings = check(wordPiece, model, where, "model");
    check(z.looseObject({ type: z.literal("BertPreTokenizer") }), read.pre_tokenizer, where, "pre_tokenizer");
    if (!vocab.has(settings.unk_token))
      throw userError({
        where,
        what: `model.unk_token ${JSON.stringify(settings.unk_token)} is not in the vocabulary`,
      });
    const prefix = settings.continuing_subword_prefix;
    return {
      kind: "wordpiece",
      json: { ...json, model: settings },
      vocab,
      added,
      prefix,
      ignoreMerges: false,
      addPrefixSpace: false,
    };
  }
  if (type === "BPE") {
    const settings = check(bpe, model, where, "model");
    const pre = check(byteLevel, read.pre_tokenizer, where, "pre_tokenizer");
    return {
      kind: "byte-level-bpe",
      json,
      vocab,
      added,
      prefix: "",
      ignoreMerges: settings.ignore_merges ?? false,
      addPrefixSpace: pre.add_prefix_space,
    };
  }
  throw userError({ where, what: `model.type ${JSON.stringify(type ?? null)} is not supported`, expected: supported });
}
