/**
 * A model's tokenizer as one file, as other programs read it.
 * @module
 */
import type { BackboneHandle } from "../features/backbone-handle.js";
import { readTokenizerJson, type Tokenizer } from "../text/tokenizer.js";
import type { TokenizerJson } from "../text/vocab-files.js";

/** What of the tokenizer depends on the models. */
export interface TokenizerFileOptions {
  /** Tokens that mark entities, by their text: white space before one belongs to it. */
  readonly markers: ReadonlyMap<string, number>;
  /** Whether all texts have entities marked; such a text begins with a space, as inside a sentence. */
  readonly allMarked: boolean;
  /** Names of the graph's inputs that a tokenizer gives. */
  readonly inputs: readonly string[];
  /** Longest text in tokens. */
  readonly maxLength: number;
}

/** tokenizer.json and tokenizer_config.json, by name. */
export async function tokenizerFiles(
  { folder, tokenizer, config }: BackboneHandle,
  { markers, allMarked, inputs, maxLength }: TokenizerFileOptions,
): Promise<Readonly<Record<"tokenizer.json" | "tokenizer_config.json", object>>> {
  const json = await readTokenizerJson(folder);
  const spaced = allMarked && isBare(json);
  const marked = [...markers].map(([content, id]) => addedToken(content, id, spaced));
  const own = json.added_tokens.filter(({ id }) => !marked.some((one) => one.id === id));
  return {
    "tokenizer.json": {
      version: "1.0",
      truncation: null,
      padding: null,
      ...json,
      ...(spaced ? { normalizer: oneSpaceInFront } : {}),
      added_tokens: [...own, ...marked].sort((a, b) => Number(a["id"]) - Number(b["id"])),
      post_processor: postProcessor(tokenizer),
    },
    "tokenizer_config.json": {
      // The class that takes tokenizer.json as it is.
      tokenizer_class: "PreTrainedTokenizerFast",
      model_max_length: maxLength,
      model_input_names: inputs,
      clean_up_tokenization_spaces: tokenizer.kind === "wordpiece",
      ...specialNames(tokenizer, config.padTokenId),
    },
  };
}

/** Whether a text's first word is another token than the same word behind a space. */
function isBare({ normalizer, pre_tokenizer: pre }: TokenizerJson): boolean {
  return normalizer === null && (pre as { readonly add_prefix_space?: unknown } | null)?.add_prefix_space === false;
}

/** Puts one space before a text, whatever white space it begins with. */
const oneSpaceInFront = {
  type: "Sequence",
  normalizers: [
    { type: "Strip", strip_left: true, strip_right: false },
    { type: "Prepend", prepend: " " },
  ],
};

/**
 * A marker as the tokenizer is to see it: `Vienna @ is` and `Vienna@ is` are the same.
 *
 * @param normalized whether it is looked for after a space was put before the whole text, rather than before each part
 */
const addedToken = (content: string, id: number, normalized: boolean) => ({
  ...{ id, content, special: false, normalized },
  ...{ lstrip: true, rstrip: false, single_word: false },
});

function specialNames({ specials, idToToken }: Tokenizer, padTokenId: number): Record<string, string> {
  const ids = { ...specials, pad: specials.pad ?? padTokenId };
  const named = Object.entries(ids).flatMap(([name, id]) => {
    const token = id === undefined ? undefined : idToToken(id);
    return token === undefined ? [] : [[`${name}_token`, token] as const];
  });
  return Object.fromEntries(named);
}

/**
 * Special tokens around a text, and around two with a separator between, as the models were trained: all token types
 * are 0.
 */
function postProcessor({ withSpecials, specialsInFront, specials, idToToken }: Tokenizer): object | null {
  const around = withSpecials([]);
  if (around.length === 0) return null;
  const special = (id: number) => ({ SpecialToken: { id: idToToken(id), type_id: 0 } });
  const text = (id: "A" | "B") => ({ Sequence: { id, type_id: 0 } });
  const [before, after] = [around.slice(0, specialsInFront), around.slice(specialsInFront)].map((ids) =>
    ids.map(special),
  );
  const between = specials.sep === undefined ? [] : [special(specials.sep)];
  const used = [...new Set([...around, ...(specials.sep === undefined ? [] : [specials.sep])])];
  return {
    type: "TemplateProcessing",
    single: [...before!, text("A"), ...after!],
    pair: [...before!, text("A"), ...between, text("B"), ...after!],
    special_tokens: Object.fromEntries(
      used.map((id) => [idToToken(id), { id: idToToken(id), ids: [id], tokens: [idToToken(id)] }]),
    ),
  };
}
