/**
 * The triples that may be used for a document.
 * @module
 */
import { firstTriple, type TripleTable } from "./triple-table.js";

/** Says which triples count; an evaluation leaves out those of the document itself. */
export interface FactFilter {
  /** Whether a triple may be used; triples are numbered as {@link TripleTable} has them. */
  readonly allows: (triple: number) => boolean;
  /** How many of a node's triples may be used. */
  readonly degree: (node: number) => number;
}

/** Triples as an aligner sees them. */
export class FactView {
  constructor(
    readonly triples: TripleTable,
    private readonly filter?: FactFilter,
  ) {}

  degree(node: number): number {
    return this.filter ? this.filter.degree(node) : this.triples.degrees[node]!;
  }

  allows(triple: number): boolean {
    return this.filter === undefined || this.filter.allows(triple);
  }

  /** Numbers of the triples from one node to another. */
  between(subject: number, object: number): readonly number[] {
    const { starts, objects } = this.triples;
    const end = starts[subject + 1]!;
    const found: number[] = [];
    for (let i = firstTriple(this.triples, subject, object); i < end && objects[i] === object; i++) {
      if (this.allows(i)) found.push(i);
    }
    return found;
  }
}
