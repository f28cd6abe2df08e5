/**
 * What the small files beside a vocabulary say of a tokenizer, read as transformers reads them
 * (`PreTrainedTokenizerBase._from_pretrained` of tokenization_utils_base.py).
 * @module
 */

import { z } from "zod";
import { userError } from "../errors.js";
import { fileBytes } from "../files/bounds.js";
import { type JsonFile, readJsonIfThere } from "../files/json.js";
import { join } from "../host/paths.js";
import type { AddedToken } from "./align.js";
import type { SpecialNames } from "./vocab-files.js";

/** What a user can do about any file of a tokenizer. */
export const wrongFiles = "use the tokenizer files that were published with the model";

/** A tokenizer's file. */
export const tokenizerFile: JsonFile = { what: "the tokenizer", mostBytes: fileBytes.tokenizer, fix: wrongFiles };

/** An optional JSON object file; a Map, so that no key of it can be mistaken for something inherited. */
export type SettingsFile = ReadonlyMap<string, unknown>;

/** Kinds of tokenizers that have settings of their own; `generic` for all others. */
const families = ["bert", "roberta", "gpt2", "xlm-roberta", "xlnet", "generic"] as const;
export type TokenizerFamily = (typeof families)[number];

/** By the names of transformers' classes without `Tokenizer` and `Fast`, and by `model_type`, both in lower case. */
const familyNames: ReadonlyMap<string, TokenizerFamily> = new Map([
  ...families.map((family) => [family.replace("-", ""), family] as const),
  ...["distilbert", "electra", "mobilebert", "convbert", "layoutlm", "squeezebert"].map(
    (name) => [name, "bert"] as const,
  ),
  ...["longformer", "bart", "led"].map((name) => [name, "roberta"] as const),
]);

/** A token and what its settings say of it, without an id. */
export type TokenFlags = Omit<AddedToken, "id">;

/** A special token under one of its names; flags where a file gives them. */
export interface NamedToken {
  readonly content: string;
  readonly flags: TokenFlags | null;
}

export interface TokenizerSettings {
  /** Null where nothing says which class of transformers reads the folder. */
  readonly family: TokenizerFamily | null;
  /** tokenizer_config.json */
  readonly config: SettingsFile;
  readonly specials: SpecialNames;
  /** Special tokens that the files name, the additional ones last. */
  readonly named: readonly NamedToken[];
  /** Tokens that the files add to the vocabulary, by the ids that they give. */
  readonly added: ReadonlyMap<number, TokenFlags>;
  /** `FILE: …`, where transformers does not read what a file says. */
  readonly notes: readonly string[];
}

const flags = z.looseObject({
  content: z.string().min(1),
  single_word: z.boolean().default(false),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  normalized: z.boolean().nullish(),
  special: z.boolean().default(false),
});

async function readObject(path: string): Promise<SettingsFile> {
  const value = await readJsonIfThere(path, tokenizerFile);
  if (value === undefined) return new Map();
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw userError({ where: path, what: "it holds no JSON object", fix: wrongFiles });
  }
  return new Map(Object.entries(value));
}

/** A token as an object with flags; `special` and with it `normalized` are what the place says where it does not. */
function flagsOf(value: unknown, special: boolean, where: string): TokenFlags {
  const parsed = flags.safeParse(value);
  if (!parsed.success) throw userError({ where, what: "a token without content or with wrong flags", fix: wrongFiles });
  const { content, single_word, lstrip, rstrip, normalized } = parsed.data;
  const isSpecial = special || parsed.data.special;
  return { content, single_word, lstrip, rstrip, special: isSpecial, normalized: normalized ?? !isSpecial };
}

function namedToken(value: unknown, where: string): NamedToken | null {
  if (typeof value === "string" && value !== "") return { content: value, flags: null };
  if (typeof value !== "object" || value === null) return null;
  const of = flagsOf(value, true, where);
  return { content: of.content, flags: of };
}

const nameKeys = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"] as const;
const moreKeys = ["additional_special_tokens", "extra_special_tokens"] as const;

/** The special tokens of files; the first file that has a name wins. */
function namedTokens(files: readonly (readonly [string, SettingsFile])[]) {
  const byName = new Map<string, NamedToken>();
  const more: NamedToken[] = [];
  for (const key of nameKeys) {
    for (const [path, file] of files) {
      const found = namedToken(file.get(key), path);
      if (found && !byName.has(key)) byName.set(key, found);
    }
  }
  for (const key of moreKeys) {
    const given = files.find(([, file]) => Array.isArray(file.get(key)));
    if (!given) continue;
    for (const one of given[1].get(key) as unknown[]) {
      const found = namedToken(one, given[0]);
      if (found) more.push(found);
    }
  }
  return { byName, named: [...byName.values(), ...more] };
}

function addedDecoder(value: unknown, where: string): Map<number, TokenFlags> {
  const added = new Map<number, TokenFlags>();
  for (const [id, token] of Object.entries(value as object)) {
    if (!/^\d{1,9}$/.test(id))
      throw userError({ where, what: `added_tokens_decoder has the id ${JSON.stringify(id)}` });
    added.set(Number(id), flagsOf(token, false, where));
  }
  return added;
}

/** added_tokens.json: contents by id; those that are special tokens' are special. */
function addedJson(file: SettingsFile, named: readonly NamedToken[], where: string): Map<number, TokenFlags> {
  const special = new Set(named.map(({ content }) => content));
  const added = new Map<number, TokenFlags>();
  for (const [content, id] of file) {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || content === "")
      throw userError({ where, what: `token ${JSON.stringify(content.slice(0, 60))} has no id`, fix: wrongFiles });
    const isSpecial = special.has(content);
    const plain = { single_word: false, lstrip: false, rstrip: false };
    added.set(id, { content, ...plain, special: isSpecial, normalized: !isSpecial });
  }
  return added;
}

async function familyOf(folder: string, config: SettingsFile): Promise<TokenizerFamily | null> {
  const named = config.get("tokenizer_class");
  if (typeof named === "string") {
    return familyNames.get(named.replace(/(Tokenizer)?(Fast)?$/, "").toLowerCase()) ?? "generic";
  }
  const kind = (await readObject(join(folder, "config.json"))).get("model_type");
  return typeof kind === "string" ? (familyNames.get(kind.replace("-", "")) ?? "generic") : null;
}

/**
 * Reads tokenizer_config.json, special_tokens_map.json and added_tokens.json. Where tokenizer_config.json has an
 * `added_tokens_decoder`, transformers reads the other two no more; else special_tokens_map.json wins over it.
 *
 * @throws UserError where a file is broken
 */
export async function readTokenizerSettings(folder: string): Promise<TokenizerSettings> {
  const [configPath, mapPath, addedPath] = ["tokenizer_config", "special_tokens_map", "added_tokens"].map((name) =>
    join(folder, `${name}.json`),
  ) as [string, string, string];
  const [config, map, addedFile] = [
    await readObject(configPath),
    await readObject(mapPath),
    await readObject(addedPath),
  ];
  const decoder = config.get("added_tokens_decoder");
  const modern = typeof decoder === "object" && decoder !== null;
  const files = modern ? [[configPath, config] as const] : [[mapPath, map] as const, [configPath, config] as const];
  const { byName, named } = namedTokens(files);
  const added = modern ? addedDecoder(decoder, configPath) : addedJson(addedFile, named, addedPath);
  const notes: string[] = [];
  if (modern) {
    const known = new Map([...added].map(([id, { content }]) => [content, id]));
    const other = [...addedFile].find(([content, id]) => known.get(content) !== id);
    if (other)
      notes.push(
        `${addedPath}: it gives ${JSON.stringify(other[0])} the id ${other[1]}, which is not read: ${configPath} has an added_tokens_decoder`,
      );
    const unread = [...namedTokens([[mapPath, map]]).byName].find(
      ([key, { content }]) => byName.get(key)?.content !== content,
    );
    if (unread)
      notes.push(
        `${mapPath}: its ${unread[0]} ${JSON.stringify(unread[1].content)} is not read: ${configPath} has an added_tokens_decoder`,
      );
  }
  const names = Object.fromEntries([...byName].map(([key, { content }]) => [key, content]));
  const withFlags = named.map(({ content, flags: own }) => {
    const token = [...added.values()].find((one) => one.content === content);
    return { content, flags: token ? { ...token, special: true } : own };
  });
  return { family: await familyOf(folder, config), config, specials: names, named: withFlags, added, notes };
}
