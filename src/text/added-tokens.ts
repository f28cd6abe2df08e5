import type { AddedToken } from "./align.js";
import type { ReadTokenizerJson } from "./tokenizer-json.js";
import type { TokenFlags, TokenizerSettings } from "./tokenizer-settings.js";

const sameFlags = (a: TokenFlags, b: TokenFlags): boolean =>
  (["content", "special", "normalized", "lstrip", "rstrip", "single_word"] as const).every((key) => a[key] === b[key]);

/** Of a special token of which nothing but its name is known. */
const plainSpecial = { special: true, normalized: false, lstrip: false, rstrip: false, single_word: false } as const;

/**
 * The added tokens of a tokenizer with those of the files beside it, as transformers' `PreTrainedTokenizerFast` adds them
 * and the tokenizers library numbers them (`AddedVocabulary::add_tokens`): what the vocabulary knows keeps its id, all
 * else is counted on from the last one, whatever the file says; a file's flags win over those of tokenizer.json.
 */
export function withAddedTokens(
  { added, vocab }: Pick<ReadTokenizerJson, "added" | "vocab">,
  settings: Pick<TokenizerSettings, "added" | "named">,
  where: string,
): { readonly added: readonly AddedToken[]; readonly notes: readonly string[] } {
  const tokens = new Map(added.map((token) => [token.content, token]));
  const notes: string[] = [];
  const add = (token: TokenFlags, wanted: number | null) => {
    const before = tokens.get(token.content);
    const special = token.special || settings.named.some(({ content }) => content === token.content);
    if (before && sameFlags(before, { ...token, special })) return;
    const last = [...tokens.values()].reduce((highest, { id }) => Math.max(highest, id), -1);
    const id = before?.id ?? vocab.get(token.content) ?? Math.max(last + 1, vocab.size);
    if (wanted !== null && wanted !== id) {
      const name = JSON.stringify(token.content);
      notes.push(
        `${where}: the added token ${name} has the id ${id}, as transformers counts, not ${wanted} as is written`,
      );
    }
    tokens.set(token.content, { ...token, special, id });
  };
  for (const [id, token] of [...settings.added].sort(([a], [b]) => a - b)) add(token, id);
  for (const { content, flags } of settings.named) {
    if (flags) add(flags, null);
    else if (!tokens.has(content)) add({ content, ...plainSpecial }, null);
  }
  return { added: [...tokens.values()], notes };
}
