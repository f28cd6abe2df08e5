/**
 * English words that are written as one and are two.
 * @module
 */

/** What leans on the word before it, with any apostrophe that is in use. */
const leaning = /^(.+?)(n['’`´]t|['’`´](?:s|m|d|re|ve|ll))$/isu;

/** Two words without an apostrophe between them; those that could be one word as well (its, were, well) are not here. */
const fused: ReadonlyMap<string, number> = new Map(
  `can-not gon-na got-ta wan-na lem-me gim-me ca-nt do-nt wo-nt did-nt does-nt is-nt are-nt was-nt have-nt has-nt
  could-nt would-nt should-nt i-m i-ve that-s what-s there-s you-re they-re`
    .split(/\s+/)
    .map((pair) => [pair.replace("-", ""), pair.indexOf("-")] as const),
);

/** A word of letters as the one or the two that it is: `don't` is `do` and `n't`. */
export function withoutClitics(word: string): readonly string[] {
  const at = fused.get(word.toLowerCase());
  if (at !== undefined) return [word.slice(0, at), word.slice(at)];
  const found = leaning.exec(word);
  // "n't" and "'s" may stand alone, and "she'd've" has two of them.
  return found ? [...withoutClitics(found[1] as string), found[2] as string] : [word];
}
