import { z } from "zod";
import { parseWith } from "../files/json.js";
import { withAddedTokens } from "./added-tokens.js";
import type { ReadTokenizerJson } from "./tokenizer-json.js";
import { type TokenizerSettings, wrongFiles } from "./tokenizer-settings.js";

/** A tokenizer as it was read, and what of its file was overruled. */
interface Adapted {
  readonly read: ReadTokenizerJson;
  readonly notes: readonly string[];
}

type Settings = Pick<TokenizerSettings, "family" | "config" | "added" | "named">;

/** A setting of tokenizer_config.json. */
function setting<T>(config: Settings["config"], key: string, schema: z.ZodType<T>, where: string): T | undefined {
  const value = config.get(key);
  if (value === undefined) return undefined;
  return parseWith(schema, value, `tokenizer_config.json beside ${where}`, { fix: wrongFiles }, key);
}

/**
 * What stands in tokenizer_config.json and special token files wins over tokenizer.json, as it does in transformers.
 *
 * @throws UserError where a setting has a wrong type
 */
export function adaptTokenizer(read: ReadTokenizerJson, settings: Settings, where: string): Adapted {
  const normalised = withBertNormalizer(read, settings, where);
  const spaced = withPrefixSpace(normalised.read, settings, where);
  const { added, notes } = withAddedTokens(spaced.read, settings, where);
  const specials = new Set(added.filter(({ special }) => special).map(({ id }) => id));
  const { unigram, json } = spaced.read;
  return {
    read: {
      ...spaced.read,
      added,
      json: { ...json, added_tokens: added.map((token) => ({ ...token })) },
      // No text becomes a special token unless its name stands in it.
      ...(unigram && {
        unigram: { ...unigram, pieces: new Map([...unigram.pieces].filter(([, { id }]) => !specials.has(id))) },
      }),
    },
    notes: [...normalised.notes, ...spaced.notes, ...notes],
  };
}

const bertNormalizer = z.looseObject({ type: z.literal("BertNormalizer") });

/**
 * Case, accents and Chinese characters of BERT's tokenizers: tokenizer_config.json's, and where that does not name them
 * the defaults of transformers' class, whatever tokenizer.json says (`BertTokenizerFast.__init__`).
 */
function withBertNormalizer(read: ReadTokenizerJson, { family, config }: Settings, where: string): Adapted {
  const before = bertNormalizer.safeParse(read.json.normalizer);
  if (family !== "bert" || !before.success) return { read, notes: [] };
  const wanted = {
    lowercase: setting(config, "do_lower_case", z.boolean(), where) ?? true,
    strip_accents: setting(config, "strip_accents", z.boolean().nullable(), where) ?? null,
    handle_chinese_chars: setting(config, "tokenize_chinese_chars", z.boolean(), where) ?? true,
  };
  const names = {
    lowercase: "do_lower_case",
    strip_accents: "strip_accents",
    handle_chinese_chars: "tokenize_chinese_chars",
  };
  const notes = Object.entries(wanted).flatMap(([key, value]) => {
    const own = before.data[key];
    const name = names[key as keyof typeof names];
    const same = own === undefined || own === value || !where.endsWith("tokenizer.json");
    return same ? [] : [overruled(where, `${key} is ${own}`, `${name} ${value}`, config.has(name))];
  });
  return { read: { ...read, json: { ...read.json, normalizer: { ...before.data, ...wanted } } }, notes };
}

const overruled = (where: string, own: string, taken: string, given: boolean): string =>
  `${where}: ${own}, but transformers takes ${given ? "tokenizer_config.json's" : "its class's default,"} ${taken}; so does this`;

/** Whether a text is taken to stand behind a space: tokenizer_config.json's word, or the default of RoBERTa's and GPT-2's class. */
function withPrefixSpace(read: ReadTokenizerJson, { family, config }: Settings, where: string): Adapted {
  if (read.kind !== "byte-level-bpe") return { read, notes: [] };
  const given = setting(config, "add_prefix_space", z.boolean(), where);
  const wanted = given ?? (family === "roberta" || family === "gpt2" ? false : read.addPrefixSpace);
  if (wanted === read.addPrefixSpace) return { read, notes: [] };
  const pre_tokenizer = { ...(read.json.pre_tokenizer as object), add_prefix_space: wanted };
  const own = `add_prefix_space is ${read.addPrefixSpace}`;
  const notes = where.endsWith("tokenizer.json")
    ? [overruled(where, own, `add_prefix_space ${wanted}`, given !== undefined)]
    : [];
  return { read: { ...read, addPrefixSpace: wanted, json: { ...read.json, pre_tokenizer } }, notes };
}
