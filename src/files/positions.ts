import { Numbers } from "./numbers.js";

/** So many positions share a base: with records of 64 MiB at most, 32 bits hold how far they are from it. */
const together = 64;

/** Ascending positions in a file, a good four bytes each. */
export class Positions {
  private readonly bases: number[] = [];
  private readonly distances = new Numbers();

  get length(): number {
    return this.distances.length;
  }

  push(position: number): void {
    if (this.length % together === 0) this.bases.push(position);
    this.distances.push(position - (this.bases.at(-1) as number));
  }

  at(index: number): number {
    return (this.bases[Math.floor(index / together)] as number) + this.distances.at(index);
  }
}
