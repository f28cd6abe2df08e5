/**
 * Which of several entities a name stands for: what the document is about, then what is known of others in it, then
 * what is known best.
 * @module
 */
import type { Draft, Mention } from "./draft.js";
import type { FactView } from "./fact-view.js";

/**
 * How sure a mention is by how it was settled: the share that was right on Re-DocRED's training documents. Of pronouns,
 * which are not marked there, it is a guess.
 */
export const sureness = {
  /** A name of one entity only, or a link. */
  single: 0.97,
  /** A date or a number. */
  value: 0.93,
  /** What the title names. */
  title: 0.8,
  /** The entity with the most triples to others in the document. */
  neighbours: 0.9,
  /** The entity that most is known of. */
  prior: 0.5,
  surname: 0.86,
  pronoun: 0.6,
} as const;

/** Triples of an entity that are gone through: a country may have a hundred thousand. */
const mostEdges = 4096;

/** What a document's names may stand for. */
interface Candidate {
  readonly slot: number;
  /** 1 for what a name can only stand for, less among several. */
  readonly weight: number;
  votes: number;
}

/** Settles each name for one entity in the whole document. */
export class EntityChooser {
  constructor(private readonly facts: FactView) {}

  /**
   * @param about what the title may stand for
   * @returns the mentions, each of one node (of values, of those that they had), and what the document is about
   */
  choose(drafts: readonly Draft[], about: readonly number[]): { readonly mentions: Mention[]; readonly title: number } {
    const candidates = this.candidates(drafts, about);
    const ambiguous = about.length > 1 || drafts.some(({ value, nodes }) => value === null && nodes.length > 1);
    if (ambiguous) this.vote(candidates);
    const title = about.length === 0 ? -1 : this.best(about, candidates).node;
    const settled = new Map<number, { readonly node: number; readonly score: number }>();
    const mentions = drafts.map((draft): Mention => {
      const { nodes, slot, value } = draft;
      if (value !== null) return { ...draft, score: sureness.value };
      if (nodes.length === 1) return { ...draft, score: sureness.single };
      const known = settled.get(slot);
      const { node, score } = known ?? this.settle(nodes, candidates, title);
      if (slot >= 0) settled.set(slot, { node, score });
      return { ...draft, nodes: [node], score };
    });
    return { mentions, title };
  }

  private candidates(drafts: readonly Draft[], about: readonly number[]): Map<number, Candidate> {
    const found = new Map<number, Candidate>();
    const add = (node: number, slot: number, weight: number) => {
      const known = found.get(node);
      if (known === undefined || known.weight < weight) found.set(node, { slot, weight, votes: 0 });
    };
    for (const node of about) add(node, titleSlot, 1 / about.length);
    for (const { nodes, slot, value } of drafts) {
      for (const node of nodes) add(node, slot, value === null ? 1 / nodes.length : 1);
    }
    return found;
  }

  /** Each triple between candidates of different names is a vote for both, as heavy as the other one is sure. */
  private vote(candidates: Map<number, Candidate>): void {
    const { starts, objects } = this.facts.triples;
    for (const [node, one] of candidates) {
      const end = Math.min(starts[node + 1]!, starts[node]! + mostEdges);
      let before = -1;
      for (let i = starts[node]!; i < end; i++) {
        const object = objects[i]!;
        const other = object === before ? undefined : candidates.get(object);
        if (other === undefined || !this.facts.allows(i)) continue;
        before = object;
        if (one.slot === other.slot && one.slot !== noSlot) continue;
        one.votes += other.weight;
        other.votes += one.weight;
      }
    }
  }

  private settle(nodes: readonly number[], candidates: Map<number, Candidate>, title: number) {
    if (nodes.includes(title)) return { node: title, score: sureness.title };
    const { node, votes } = this.best(nodes, candidates);
    return { node, score: votes > 0 ? sureness.neighbours : sureness.prior };
  }

  /** Most votes, then most triples, then the first. */
  private best(nodes: readonly number[], candidates: Map<number, Candidate>) {
    let best = { node: -1, votes: -1, degree: -1 };
    for (const node of nodes) {
      const votes = candidates.get(node)?.votes ?? 0;
      const degree = this.facts.degree(node);
      if (votes > best.votes || (votes === best.votes && degree > best.degree)) best = { node, votes, degree };
    }
    return best;
  }
}

/** The slots of what is no name, and of the title. */
const [noSlot, titleSlot] = [-1, -2];
