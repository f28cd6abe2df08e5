/**
 * Pairs of mentions that a fact is known of, and such that none is known of.
 * @module
 */
import { hash32 } from "../../random.js";
import type { AlignedPair } from "./document.js";
import type { Mention, Skipped } from "./draft.js";
import type { FactView } from "./fact-view.js";
import type { AlignOptions } from "./options.js";
import type { AlignTables } from "./tables.js";
import { type Tokens, tokenFlags } from "./tokens.js";
import { typeShare } from "./type-table.js";

/** A sentence with more mentions is a list or a table, and would give more pairs than it has words. */
export const mostMentions = 100;

/** A pair is left out whose types fewer of the relation's triples have. */
const leastTypeShare = 0.01;

/** A place in a document's sentence, for what is drawn by chance. */
export interface PairPlace {
  readonly document: string;
  /** Where the sentence begins. */
  readonly start: number;
}

/** Looks pairs of a sentence up. */
export class PairFinder {
  readonly #excluded: ReadonlySet<number>;
  readonly #usualPairs: ReadonlySet<number> | null;

  constructor(
    private readonly tables: AlignTables,
    private readonly options: AlignOptions,
  ) {
    const wanted = new Set(options.exclude);
    this.#excluded = new Set(tables.relations.flatMap((id, i) => (wanted.has(id) ? [i] : [])));
    this.#usualPairs = options.negatives > 0 ? usualPairs(tables) : null;
  }

  /** All pairs of a sentence with a fact. Mentions are those of the sentence, in its order. */
  find(
    text: string,
    tokens: Tokens,
    mentions: readonly Mention[],
    facts: FactView,
    skipped: Skipped,
  ): readonly AlignedPair[] {
    if (mentions.length > mostMentions) {
      skipped.add(`sentences with more than ${mostMentions} mentions`);
      return [];
    }
    const pairs: AlignedPair[] = [];
    for (const [subject, one] of mentions.entries()) {
      if (one.value !== null) continue;
      for (const [object, other] of mentions.entries()) {
        const relations = subject === object ? [] : this.relations(one, other, facts);
        const reason = relations.length > 0 ? this.refuse(text, tokens, one, other) : undefined;
        if (reason !== undefined) {
          skipped.add(reason, relations.length);
          continue;
        }
        for (const { relation, node } of relations) {
          const refused = this.refuseRelation(one.nodes[0]!, relation, node);
          if (refused === undefined) {
            pairs.push({ subject, object, relation: this.tables.relations[relation]!, score: one.score * other.score });
          } else skipped.add(refused);
        }
      }
    }
    return pairs;
  }

  private relations(one: Mention, other: Mention, facts: FactView): readonly { relation: number; node: number }[] {
    const subject = one.nodes[0];
    if (subject === undefined) return [];
    // A date is looked for as it is, then as a month and a year.
    for (const node of other.nodes) {
      const found = node === subject ? [] : facts.between(subject, node);
      if (found.length > 0) return found.map((i) => ({ relation: facts.triples.relations[i]!, node }));
    }
    return [];
  }

  private refuse(text: string, tokens: Tokens, one: Mention, other: Mention): string | undefined {
    const { maxDistance, noSharedStem } = this.options;
    if (wordsBetween(tokens, one, other) > maxDistance) return "pairs further apart than is wanted";
    if (noSharedStem && shareStem(text, tokens, one, other)) return "pairs that share a stem";
    return undefined;
  }

  private refuseRelation(subject: number, relation: number, object: number): string | undefined {
    if (this.#excluded.has(relation)) return "pairs of relations that are not wanted";
    const { types } = this.options;
    if (types === "learn" && typeShare(this.tables.types, subject, relation, object) < leastTypeShare) {
      return "pairs of types that are unusual for the relation";
    }
    return undefined;
  }

  /** Pairs of a sentence without any fact, whose types some relation has. */
  without(
    text: string,
    tokens: Tokens,
    mentions: readonly Mention[],
    facts: FactView,
    place: PairPlace,
  ): readonly (AlignedPair & { readonly order: number })[] {
    if (mentions.length > mostMentions) return [];
    return mentions.flatMap((one, subject) =>
      mentions.flatMap((other, object) => {
        if (!this.mayBeNegative(one, other, facts) || this.refuse(text, tokens, one, other) !== undefined) return [];
        const order = hash32(this.options.seed, place.document, place.start, subject, object);
        return [{ subject, object, relation: null, score: one.score * other.score, order }];
      }),
    );
  }

  private mayBeNegative(one: Mention, other: Mention, facts: FactView): boolean {
    const [subject, object] = [one.nodes[0], other.nodes[0]];
    if (one.value !== null || subject === undefined || object === undefined || subject === object) return false;
    if (!this.typesMeet(subject, object)) return false;
    return this.relations(one, other, facts).length === 0 && facts.between(object, subject).length === 0;
  }

  private typesMeet(subject: number, object: number): boolean {
    const { sets, ofNode, names } = this.tables.types;
    const [ones, others] = [sets[ofNode[subject]!]!, sets[ofNode[object]!]!];
    if (this.#usualPairs === null || ones.length === 0 || others.length === 0) return true;
    return ones.some((one) => others.some((other) => this.#usualPairs?.has(one * names.length + other)));
  }
}

/** Types of subjects and objects that some relation has, whichever it is. */
function usualPairs({ types: { pairs, names } }: AlignTables): ReadonlySet<number> | null {
  if (pairs === null) return null;
  return new Set(Array.from(pairs.keys, (key) => key % (names.length * names.length)));
}

/** Words between two mentions; 0 for neighbours. */
function wordsBetween(tokens: Tokens, one: Mention, other: Mention): number {
  const [left, right] = one.first < other.first ? [one, other] : [other, one];
  let words = 0;
  for (let at = left.last; at < right.first; at++) if ((tokens.flags[at]! & tokenFlags.sign) === 0) words++;
  return words;
}

/** Letters that two words begin with, so that they count as having one stem: Norway, Norwegian. */
const stemLetters = 4;

function shareStem(text: string, tokens: Tokens, one: Mention, other: Mention): boolean {
  const stems = stemsOf(text, tokens, one);
  return [...stemsOf(text, tokens, other)].some((stem) => stems.has(stem));
}

function stemsOf(text: string, { starts, ends }: Tokens, { first, last, value }: Mention): Set<string> {
  const stems = new Set<string>();
  for (let at = first; value === null && at < last; at++) {
    if (ends[at]! - starts[at]! < stemLetters) continue;
    const stem = text.slice(starts[at], starts[at]! + stemLetters).toLowerCase();
    if (!/\d/.test(stem)) stems.add(stem);
  }
  return stems;
}
