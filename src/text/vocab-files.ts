import { userError } from "../errors.js";

/** A tokenizer.json as an object: what the loader and @huggingface/tokenizers read. */
export interface TokenizerJson {
  readonly added_tokens: readonly Record<string, unknown>[];
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly post_processor: unknown;
  readonly decoder: unknown;
  readonly model: Readonly<Record<string, unknown>>;
}

/** Special tokens by the names they have in tokenizer_config.json and special_tokens_map.json. */
export interface SpecialNames {
  readonly cls_token?: string | undefined;
  readonly sep_token?: string | undefined;
  readonly pad_token?: string | undefined;
  readonly mask_token?: string | undefined;
  readonly unk_token?: string | undefined;
}

function addedToken(content: string, id: number, lstrip = false): Record<string, unknown> {
  return { id, content, special: true, normalized: false, lstrip, rstrip: false, single_word: false };
}

/** Lines of a vocabulary file; a last line break does not make a last empty line. */
function lines(content: string): string[] {
  const all = content.replace(/^\ufeff/, "").split(/\r\n?|\n/);
  if (all.at(-1) === "") all.pop();
  return all;
}

/** Whether a WordPiece vocabulary was made from lower-cased text: no piece but the special ones has a capital. */
export function looksUncased(vocabTxt: string): boolean {
  return !lines(vocabTxt).some((token) => /[A-Z]/.test(token) && !/^\[.*\]$/.test(token));
}

/** Special tokens of BERT's tokenizers, in the order of their vocabularies, where nothing says otherwise. */
const bertNames = {
  pad_token: "[PAD]",
  unk_token: "[UNK]",
  cls_token: "[CLS]",
  sep_token: "[SEP]",
  mask_token: "[MASK]",
};
/** The same of RoBERTa's. */
const robertaNames = {
  cls_token: "<s>",
  pad_token: "<pad>",
  sep_token: "</s>",
  unk_token: "<unk>",
  mask_token: "<mask>",
};
const gpt2Names = { unk_token: "<|endoftext|>" };

/** The names that are given, in the place of the usual ones. */
const namesOf = (usual: SpecialNames, given: SpecialNames): string[] => [
  ...new Set(Object.values({ ...usual, ...given }).filter((name) => name !== undefined)),
];

/**
 * Builds tokenizer.json's object from BERT's vocab.txt: one token a line, its id the line's index. Text is lower-cased, as
 * by transformers unless settings say otherwise.
 */
export function fromVocabTxt(content: string, specials: SpecialNames, where: string): TokenizerJson {
  const vocab = new Map<string, number>();
  for (const [id, token] of lines(content).entries()) vocab.set(token, id);
  const unk = specials.unk_token ?? bertNames.unk_token;
  if (!vocab.has(unk)) {
    throw userError({ where, what: `no token ${unk}`, expected: "BERT's vocab.txt, one token a line" });
  }
  const added = namesOf(bertNames, specials).flatMap((name) => {
    const id = vocab.get(name);
    return id === undefined ? [] : [addedToken(name, id)];
  });
  return {
    added_tokens: added,
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: unk,
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocab),
    },
  };
}

/** The merges of a merges.txt: pairs in order of rank; the `#version` line is not one of them. */
function parseMerges(content: string, vocab: ReadonlyMap<string, number>, where: string): [string, string][] {
  const merges: [string, string][] = [];
  for (const [index, line] of lines(content).entries()) {
    if (line === "" || (index === 0 && line.startsWith("#version"))) continue;
    const [left, right, ...rest] = line.split(" ");
    if (!left || !right || rest.length > 0) {
      throw userError({
        where: `${where}:${index + 1}`,
        what: `a merge is two symbols with one space between, not ${JSON.stringify(line.slice(0, 60))}`,
        fix: "take the merges.txt that belongs to vocab.json",
      });
    }
    const unknown = [left, right, left + right].find((symbol) => !vocab.has(symbol));
    if (unknown !== undefined) {
      throw userError({
        where: `${where}:${index + 1}`,
        what: `symbol ${JSON.stringify(unknown.slice(0, 60))} is not in vocab.json`,
        fix: "take the merges.txt that belongs to vocab.json",
      });
    }
    merges.push([left, right]);
  }
  return merges;
}

/** Builds tokenizer.json's object from vocab.json and merges.txt of RoBERTa, GPT-2 and their like. */
export function fromBpeFiles(
  vocab: ReadonlyMap<string, number>,
  mergesTxt: string,
  settings: { readonly addPrefixSpace: boolean; readonly specials: SpecialNames; readonly family: string },
  where: string,
): TokenizerJson {
  const { specials, family } = settings;
  const added = namesOf(family === "gpt2" ? gpt2Names : robertaNames, specials).flatMap((name) => {
    const id = vocab.get(name);
    // RoBERTa's <mask> takes the space before it, so that it stands for a word that starts after a space.
    const lstrip = family !== "gpt2" && name === (specials.mask_token ?? robertaNames.mask_token);
    return id === undefined ? [] : [addedToken(name, id, lstrip)];
  });
  const unk = [specials.unk_token, "<unk>", "<|endoftext|>"].find((name) => name !== undefined && vocab.has(name));
  return {
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: settings.addPrefixSpace, trim_offsets: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      unk_token: unk ?? null,
      vocab: Object.fromEntries(vocab),
      merges: parseMerges(mergesTxt, vocab, where),
    },
  };
}

/**
 * The content of a tokenizer.json for a vocabulary with RoBERTa's special tokens, whole, as Hugging Face's tokenizers
 * write it: every text is taken to stand behind a space.
 */
export function bpeTokenizerJson(vocabJson: string, mergesTxt: string): Readonly<Record<string, unknown>> {
  const vocab = new Map<string, number>(Object.entries(JSON.parse(vocabJson)));
  const settings = { addPrefixSpace: true, specials: {}, family: "roberta" };
  const { model, ...description } = fromBpeFiles(vocab, mergesTxt, settings, "the vocabulary");
  const special = (name: string) => [name, vocab.get(name)];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    ...description,
    pre_tokenizer: { ...(description.pre_tokenizer as object), use_regex: true },
    post_processor: {
      type: "RobertaProcessing",
      sep: special("</s>"),
      cls: special("<s>"),
      trim_offsets: true,
      add_prefix_space: true,
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      ...model,
      dropout: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
    },
  };
}
