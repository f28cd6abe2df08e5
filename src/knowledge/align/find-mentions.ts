/**
 * Names, values and links in a text.
 * @module
 */
import type { SourceDocument } from "./document.js";
import type { Draft, Skipped } from "./draft.js";
import { NameFinder } from "./name-table.js";
import { findNode } from "./nodes.js";
import type { AlignTables } from "./tables.js";
import { Tokens } from "./tokens.js";
import { type FoundValue, ValueReader } from "./values.js";

/** Finds what a text's parts may stand for. */
export class MentionFinder {
  readonly #finder: NameFinder;
  readonly #titleTokens = new Tokens();

  constructor(private readonly tables: AlignTables) {
    this.#finder = new NameFinder(tables.names);
  }

  /** Mentions in the order of the text, none over another: links first, then the longer one of names and values. */
  find(document: SourceDocument, tokens: Tokens, skipped: Skipped): Draft[] {
    const values = new ValueReader(document.text, tokens);
    const links = this.links(document, tokens, skipped);
    const found: Draft[] = [];
    let link = 0;
    for (let at = 0; at < tokens.count; ) {
      while (link < links.length && links[link]!.last <= at) link++;
      const inLink = links[link];
      if (inLink && inLink.first <= at) {
        if (inLink.nodes.length > 0) found.push(inLink);
        at = inLink.last;
        continue;
      }
      const limit = inLink?.first ?? tokens.count;
      const draft = this.draftAt(tokens, values, at, limit);
      if (draft) found.push(draft);
      at = draft?.last ?? at + 1;
    }
    return found;
  }

  private draftAt(tokens: Tokens, values: ValueReader, at: number, limit: number): Draft | null {
    const slot = this.#finder.longestAt(tokens, at);
    const length = slot < 0 ? 0 : this.#finder.length;
    const value = values.at(at);
    if (value && value.length >= length && at + value.length <= limit) return this.valueDraft(tokens, at, value);
    if (slot < 0 || at + length > limit) return null;
    const span = spanOf(tokens, at, at + length);
    return { ...span, found: "name", slot, nodes: this.#finder.entities(slot), value: null };
  }

  /** A number that nothing is known of stands for nothing; a date does, in whatever texts say of it. */
  private valueDraft(tokens: Tokens, at: number, { kind, value, length }: FoundValue): Draft | null {
    const forms =
      kind === "date"
        ? [value, ...[7, 4].filter((end) => end < value.length).map((end) => value.slice(0, end))]
        : [value];
    const nodes = forms.map((form) => findNode(this.tables.nodes, kind, form)).filter((node) => node >= 0);
    // A year may be a number all the same.
    const number = kind === "date" && value.length === 4 ? findNode(this.tables.nodes, "number", value) : -1;
    const all = number >= 0 ? [...nodes, number] : nodes;
    if (kind === "number" && all.length === 0) return null;
    return { ...spanOf(tokens, at, at + length), found: kind, slot: -1, nodes: all, value };
  }

  /** Links in order, none over another; those to nothing that is known have no nodes. */
  private links({ links = [], text }: SourceDocument, tokens: Tokens, skipped: Skipped): Draft[] {
    const found: Draft[] = [];
    for (const { start, end, target } of [...links].sort((a, b) => a.start - b.start || b.end - a.end)) {
      const first = tokenAt(tokens, start);
      const last = tokenAt(tokens, end);
      if (!(start >= (found.at(-1)?.end ?? 0) && end <= text.length) || last <= first) {
        skipped.add("links that stand nowhere, or over another");
        continue;
      }
      const nodes = this.entitiesOf(target);
      if (nodes.length === 0) skipped.add("links to what is not known");
      found.push({ start, end, found: "link", first, last, slot: -1, nodes, value: null });
    }
    return found;
  }

  /** Entities that a title or an id stands for, the best known first: `Mercury (planet)` may be called `Mercury`. */
  entitiesOf(title: string): readonly number[] {
    const node = findNode(this.tables.nodes, "entity", title);
    if (node >= 0 && node < this.tables.nodes.entities) return [node];
    const named = this.named(title);
    return named.length > 0 ? named : this.named(title.replace(/\s\([^()]*\)$/, ""));
  }

  private named(name: string): readonly number[] {
    if (name.length > 1000) return [];
    const tokens = this.#titleTokens.read(name);
    const slot = tokens.count === 0 ? -1 : this.#finder.longestAt(tokens, 0);
    return slot >= 0 && this.#finder.length === tokens.count ? this.#finder.entities(slot) : [];
  }
}

const spanOf = (tokens: Tokens, first: number, last: number) => ({
  start: tokens.starts[first]!,
  end: tokens.ends[last - 1]!,
  first,
  last,
});

/** The first token that does not end before a place. */
export function tokenAt(tokens: Tokens, place: number): number {
  let low = 0;
  let high = tokens.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (tokens.ends[middle]! <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
