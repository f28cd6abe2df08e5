import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { parseJson, readJsonIfThere } from "../files/json.js";
import { readTextIfThere } from "../files/text.js";
import { readdir, readFile } from "../host/files.js";
import { createHash } from "../host/hashing.js";
import { basename, join } from "../host/paths.js";
import {
  type AddedToken,
  AddedTokenSplitter,
  byteLevelSections,
  encodeWithOffsets,
  type SectionEncoder,
  unigramSections,
  wordPieceSections,
} from "./align.js";
import { createNormaliser } from "./normalise.js";
import { fromSentencePiece } from "./sentencepiece.js";
import { adaptTokenizer } from "./tokenizer-adapt.js";
import { parseTokenizerJson, parseVocabulary, type ReadTokenizerJson } from "./tokenizer-json.js";
import {
  readTokenizerSettings,
  type SettingsFile,
  type TokenizerFamily,
  type TokenizerSettings,
  tokenizerFile,
  wrongFiles,
} from "./tokenizer-settings.js";
import { unigramEncoder } from "./unigram.js";
import { fromBpeFiles, fromVocabTxt, looksUncased, type SpecialNames, type TokenizerJson } from "./vocab-files.js";
import { byteLevelEncoder, type SubwordModel, wordPieceEncoder } from "./word-encoder.js";

/** Tokens of a text, without special tokens. */
export interface Encoding {
  readonly ids: readonly number[];
  /**
   * For each token the UTF-16 range of the given text that it stands for, end exclusive. A token that holds a part of
   * a character stands for the whole character; the space that a byte-level token carries is not in its range.
   */
  readonly offsets: readonly (readonly [number, number])[];
}

/** Ids of the special tokens, `undefined` where the tokenizer has none. */
export interface SpecialTokens {
  readonly cls: number | undefined;
  readonly sep: number | undefined;
  readonly pad: number | undefined;
  readonly mask: number | undefined;
  readonly unk: number | undefined;
}

/** Text to ids and back. */
export interface Tokenizer {
  /** How words are cut: `wordpiece` (BERT), `byte-level-bpe` (RoBERTa, GPT-2) or `unigram` (XLNet, XLM-RoBERTa). */
  readonly kind: "wordpiece" | "byte-level-bpe" | "unigram";
  /** One more than the highest id. */
  readonly vocabSize: number;
  readonly specials: SpecialTokens;
  /** SHA-256 (hex) of everything that decides the ids: equal hashes, equal ids. */
  readonly hash: string;
  /** What had to be guessed while loading; for the user to see. */
  readonly notes: readonly string[];
  encode(text: string): Encoding;
  /** The text of ids, special tokens included unless `skipSpecials`. */
  decode(ids: readonly number[], options?: { readonly skipSpecials?: boolean }): string;
  tokenToId(token: string): number | undefined;
  idToToken(id: number): string | undefined;
  /**
   * Puts `[CLS]` (`<s>`) before and `[SEP]` (`</s>`) after, for XLNet `<sep>` and `<cls>` after; nothing where the
   * tokenizer has no such tokens.
   */
  withSpecials(ids: readonly number[]): number[];
  /** How many of them are put before. */
  readonly specialsInFront: number;
}

/**
 * Loads the tokenizer of a model folder: `tokenizer.json`, else `vocab.txt` (BERT), else `vocab.json` with
 * `merges.txt` (RoBERTa, GPT-2), else a SentencePiece `.model` (XLNet, XLM-RoBERTa); and with it what
 * tokenizer_config.json, special_tokens_map.json and added_tokens.json say, as transformers' fast tokenizers read them.
 * Padding and truncation that a tokenizer.json asks for are not applied.
 *
 * @throws UserError where files are missing, broken, or describe a tokenizer of another kind.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const { read, specials, where, notes } = await readFolder(folder);
  return buildTokenizer(read, specials, where, notes);
}

/**
 * The tokenizer.json that {@link loadTokenizer} computes with, whatever files the folder has. Nothing is put around a text
 * by it.
 *
 * @throws UserError as there
 */
export async function readTokenizerJson(folder: string): Promise<TokenizerJson> {
  return (await readFolder(folder)).read.json;
}

async function readFolder(folder: string) {
  const settings = await readTokenizerSettings(folder);
  const { description, where, family, notes } = await readDescription(folder, settings);
  const adapted = adaptTokenizer(parseTokenizerJson(description, where), { ...settings, family }, where);
  const all = [...notes, ...settings.notes, ...adapted.notes];
  return { read: adapted.read, specials: settings.specials, where, notes: all };
}

/** A tokenizer.json, or the same made of other files. */
interface Description {
  readonly description: unknown;
  readonly where: string;
  /** The settings', or what the files are known for where nothing names it. */
  readonly family: TokenizerFamily | null;
  readonly notes: readonly string[];
}

async function readDescription(folder: string, settings: TokenizerSettings): Promise<Description> {
  const { config, specials } = settings;
  const at = (name: string) => join(folder, name);
  const json = await readJsonIfThere(at("tokenizer.json"), tokenizerFile);
  if (json !== undefined) {
    const where = at("tokenizer.json");
    return { description: json, where, family: settings.family, notes: [] };
  }
  const txt = await readTextIfThere(at("vocab.txt"), tokenizerFile);
  if (txt !== null) {
    const where = at("vocab.txt");
    const cased = typeof config.get("do_lower_case") !== "boolean" && !looksUncased(txt);
    const note = `${where}: it holds capitals, but tokenizer_config.json has no do_lower_case: text is lower-cased, as transformers does`;
    return { description: fromVocabTxt(txt, specials, where), where, family: "bert", notes: cased ? [note] : [] };
  }
  const vocabText = await readTextIfThere(at("vocab.json"), tokenizerFile);
  const merges = await readTextIfThere(at("merges.txt"), tokenizerFile);
  if (vocabText !== null && merges !== null) {
    const where = at("vocab.json");
    const vocab = parseVocabulary(parseJson(vocabText, where, tokenizerFile), where);
    const family = settings.family ?? (vocab.has("<s>") ? "roberta" : "gpt2");
    const description = fromBpeFiles(vocab, merges, { addPrefixSpace: false, specials, family }, at("merges.txt"));
    return { description, where, family, notes: [] };
  }
  const model = await findModelFile(folder);
  if (model !== undefined) {
    const description = await fromModelFile(at(model), config, specials);
    return { description, where: at(model), family: settings.family, notes: [] };
  }
  throw userError({
    where: folder,
    what: "no tokenizer found in the folder",
    expected: "tokenizer.json, or vocab.txt, or vocab.json with merges.txt, or a SentencePiece .model",
    fix: "copy the model's tokenizer files there",
  });
}

/** XLM-RoBERTa's file name; its ids are those of fairseq. */
const fairseqModel = "sentencepiece.bpe.model";

/** The folder's SentencePiece model: one of the usual name, or the only one. */
async function findModelFile(folder: string): Promise<string | undefined> {
  const files = await readdir(folder).catch(() => []);
  const models = files.filter((name) => name.endsWith(".model")).sort();
  const usual = ["spiece.model", fairseqModel].find((name) => models.includes(name));
  return usual ?? (models.length === 1 ? models[0] : undefined);
}

async function fromModelFile(path: string, config: SettingsFile, specials: SpecialNames): Promise<TokenizerJson> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError(path, "read the file", error);
  });
  const lowercase = config.get("do_lower_case");
  const settings = {
    specials,
    lowercase: typeof lowercase === "boolean" ? lowercase : null,
    keepAccents: config.get("keep_accents") === true,
    fairseq: basename(path) === fairseqModel,
  };
  return fromSentencePiece(bytes, settings, path);
}

/** Builds a byte-level BPE tokenizer from the content of vocab.json and merges.txt, as the trainer writes them. */
export function createBpeTokenizer(
  vocabJson: string,
  mergesTxt: string,
  options: { readonly specials?: SpecialNames; readonly addPrefixSpace?: boolean; readonly folder?: string } = {},
): Tokenizer {
  const { specials = {}, addPrefixSpace = false, folder = "" } = options;
  const where = join(folder, "vocab.json");
  const vocab = parseVocabulary(parseJson(vocabJson, where, tokenizerFile), where);
  const family = vocab.has("<s>") ? "roberta" : "gpt2";
  const description = fromBpeFiles(vocab, mergesTxt, { addPrefixSpace, specials, family }, join(folder, "merges.txt"));
  return createTokenizer(description, specials, where);
}

/** The ids of special tokens: by their names in the model's settings, else by the names that BERT and RoBERTa use. */
function findSpecials(names: SpecialNames, find: (token: string) => number | undefined): SpecialTokens {
  const id = (...candidates: (string | undefined)[]): number | undefined => {
    for (const candidate of candidates) {
      const found = candidate === undefined ? undefined : find(candidate);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    cls: id(names.cls_token, "[CLS]", "<cls>", "<s>"),
    sep: id(names.sep_token, "[SEP]", "<sep>", "</s>"),
    pad: id(names.pad_token, "[PAD]", "<pad>"),
    mask: id(names.mask_token, "[MASK]", "<mask>"),
    unk: id(names.unk_token, "[UNK]", "<unk>", "<|endoftext|>"),
  };
}

/** The parts of @huggingface/tokenizers that are used; declared here because its typings do not resolve under NodeNext. */
interface Engine {
  readonly model: SubwordModel & { readonly vocab: readonly (string | undefined)[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
}

function createEngine(read: ReadTokenizerJson, where: string): Engine {
  const description = read.json;
  if (read.kind === "unigram") return unigramEngine(read);
  try {
    // Padding and truncation are left out: MiniLM's tokenizer.json would set both to 128.
    return new HuggingFaceTokenizer({ ...description, padding: null, truncation: null }, {}) as unknown as Engine;
  } catch (error) {
    throw userError({
      where,
      what: `cannot build the tokenizer (${error instanceof Error ? error.message : "?"})`,
      fix: wrongFiles,
    });
  }
}

/** Unigram needs nothing of @huggingface/tokenizers: ids and pieces, and `▁` back to spaces. */
function unigramEngine({ vocab, added }: ReadTokenizerJson): Engine {
  const ids = new Map([...vocab, ...added.map(({ content, id }) => [content, id] as const)]);
  const pieces: (string | undefined)[] = [];
  for (const [piece, id] of ids) pieces[id] = piece;
  const special = new Set(added.filter((token) => token.special).map(({ id }) => id));
  return {
    model: { encode: () => [], tokens_to_ids: ids, vocab: pieces },
    decode: (given, { skip_special_tokens }) => {
      const kept = skip_special_tokens ? given.filter((id) => !special.has(id)) : given;
      return kept
        .map((id) => pieces[id] ?? "")
        .join("")
        .replaceAll("▁", " ")
        .replace(/^ /, "");
    },
  };
}

function createSections(read: ReadTokenizerJson, model: SubwordModel): SectionEncoder {
  if (read.unigram) return unigramSections(unigramEncoder(read.unigram), read.unigram.metaspace);
  return read.kind === "wordpiece"
    ? wordPieceSections(wordPieceEncoder(model, read.prefix))
    : byteLevelSections(byteLevelEncoder(model, read.ignoreMerges), read.addPrefixSpace);
}

function splitters(added: readonly AddedToken[], normalise: (text: string) => string) {
  const normalised = added.filter((token) => token.normalized);
  return {
    raw: new AddedTokenSplitter(added.filter((token) => !token.normalized).map((token) => [token.content, token])),
    normalised: new AddedTokenSplitter(normalised.map((token) => [normalise(token.content), token])),
  };
}

/** Builds a tokenizer from tokenizer.json's object. */
export function createTokenizer(
  description: unknown,
  names: SpecialNames,
  where: string,
  notes: readonly string[] = [],
): Tokenizer {
  return buildTokenizer(parseTokenizerJson(description, where), names, where, notes);
}

function buildTokenizer(
  read: ReadTokenizerJson,
  names: SpecialNames,
  where: string,
  notes: readonly string[],
): Tokenizer {
  const normaliser = createNormaliser(read.json.normalizer, where);
  const engine = createEngine(read, where);
  const { model } = engine;
  const parts = {
    ...splitters(read.added, (text) => normaliser?.({ text, base: 0 }).text ?? text),
    normaliser,
    section: createSections(read, model),
  };
  const tokenToId = (token: string): number | undefined => model.tokens_to_ids.get(token);
  const specials = findSpecials(names, tokenToId);
  const { before, after } = templateOf(specials, model.vocab);
  return {
    kind: read.kind,
    vocabSize: model.vocab.length,
    specials,
    notes,
    hash: hashOf(read, specials),
    encode: (text) => encodeWithOffsets(text, parts),
    tokenToId,
    idToToken: (id) => model.vocab[id],
    // No spreading: an array that grew keeps room for half as much again, for every text of a data set.
    withSpecials: (ids) => before.concat(ids, after),
    specialsInFront: before.length,
    decode: (ids, options = {}) => {
      const unknown = ids.find((id) => model.vocab[id] === undefined);
      if (unknown !== undefined)
        throw userError({ where, what: `id ${unknown} is not in the vocabulary`, fix: wrongFiles });
      if (ids.length === 0) return "";
      const cleanUp = read.kind === "wordpiece";
      const skip = options.skipSpecials ?? false;
      return engine.decode([...ids], { skip_special_tokens: skip, clean_up_tokenization_spaces: cleanUp });
    },
  };
}

/** Special tokens around a text; XLNet's `<cls>` is the last of all, where it has seen everything. */
function templateOf({ cls, sep }: SpecialTokens, vocab: readonly (string | undefined)[]) {
  const present = (...ids: (number | undefined)[]) => ids.filter((id) => id !== undefined);
  const clsLast = cls !== undefined && vocab[cls] === "<cls>";
  return clsLast ? { before: [], after: present(sep, cls) } : { before: present(cls), after: present(sep) };
}

function hashOf(read: ReadTokenizerJson, specials: SpecialTokens): string {
  const { normalizer, pre_tokenizer, model } = read.json;
  const { vocab: _vocab, ...rest } = model;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([normalizer, pre_tokenizer, read.added, rest, specials]));
  for (const [token, id] of [...read.vocab].sort((a, b) => a[1] - b[1]))
    hash.update(`\n${id} ${JSON.stringify(token)}${read.unigram ? ` ${read.unigram.scores[id]}` : ""}`);
  return hash.digest("hex");
}
