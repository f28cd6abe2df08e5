/**
 * Surnames of persons whose full name stood before, and pronouns for what a document is about.
 * @module
 */
import type { Span } from "../../data/relation-example.js";
import { sureness } from "./choose.js";
import type { Mention } from "./draft.js";
import { tokenAt } from "./find-mentions.js";
import { surnameIn } from "./names.js";
import type { Tokens } from "./tokens.js";
import type { TypeTable } from "./type-table.js";

/** How sources call a person: `PER`, `Person`, `Q5`, `http://schema.org/Person`. */
const personType = /(^|[/#:])(per|pers|person|human|q5)$/i;

/** Tells by their types which entities are persons. */
export class Persons {
  readonly #persons: ReadonlySet<number>;

  constructor(private readonly types: TypeTable) {
    this.#persons = new Set(types.names.flatMap((name, i) => (personType.test(name) ? [i] : [])));
  }

  /** Whether an entity is a person. One without types is none: `York` would stand for `New York`. */
  has(node: number): boolean {
    return this.types.sets[this.types.ofNode[node]!]!.some((type) => this.#persons.has(type));
  }
}

/**
 * Adds mentions by surname behind a full name; the last person of that name counts. What is a name by itself keeps its
 * meaning: on Re-DocRED it is seldom the person's.
 */
export function addSurnames(
  text: string,
  tokens: Tokens,
  mentions: readonly Mention[],
  persons: Persons,
): readonly Mention[] {
  const found: Mention[] = [];
  const bySurname = new Map<string, number>();
  const surnames = (from: number, to: number) => {
    for (let at = from; at < to && bySurname.size > 0; at++) {
      const node = bySurname.get(wordAt(text, tokens, at));
      if (node !== undefined) found.push(surnameAt(tokens, at, node));
    }
  };
  let at = 0;
  for (const mention of mentions) {
    surnames(at, mention.first);
    at = mention.last;
    found.push(mention);
    if (mention.value !== null || mention.nodes.length === 0 || !persons.has(mention.nodes[0]!)) continue;
    const surname = surnameIn(text, tokens, mention.first, mention.last);
    const word = surname < 0 ? "" : wordAt(text, tokens, surname);
    if (word !== "") bySurname.set(word, mention.nodes[0]!);
  }
  surnames(at, tokens.count);
  return found;
}

/** A token; empty where it is longer than any name. */
const wordAt = (text: string, { starts, ends }: Tokens, at: number): string =>
  ends[at]! - starts[at]! > 40 ? "" : text.slice(starts[at], ends[at]);

const surnameAt = (tokens: Tokens, at: number, node: number): Mention => ({
  start: tokens.starts[at]!,
  end: tokens.ends[at]!,
  found: "surname",
  first: at,
  last: at + 1,
  slot: -1,
  nodes: [node],
  value: null,
  score: sureness.surname,
});

const pronouns = new Set(["He", "She", "It", "They"]);

/** Pronouns that begin sentences, for what the document is about. */
export function pronounsIn(
  text: string,
  tokens: Tokens,
  sentences: readonly Span[],
  about: number,
): readonly Mention[] {
  return sentences.flatMap(({ start, end }) => {
    const first = tokenAt(tokens, start);
    if (first >= tokens.count || tokens.ends[first]! > end || !pronouns.has(wordAt(text, tokens, first))) return [];
    return [{ ...surnameAt(tokens, first, about), found: "pronoun" as const, score: sureness.pronoun }];
  });
}
