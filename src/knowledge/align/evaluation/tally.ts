/** Precision and recall, from 0 to 1, and what they are shares of. */
export interface Rates {
  /** Of what was found, the share that is right; 0 where nothing was found. */
  readonly precision: number;
  /** Of what there is, the share that was found; 0 where there is nothing. */
  readonly recall: number;
  readonly found: number;
  readonly expected: number;
}

/** Counts what was found, and whether it is right. */
export class Tally {
  #found = 0;
  #right = 0;
  #expected = 0;

  add(found: ReadonlySet<string>, expected: ReadonlySet<string>): void {
    this.#expected += expected.size;
    for (const one of found) this.count(expected.has(one));
  }

  count(right: boolean): void {
    this.#found++;
    if (right) this.#right++;
  }

  rates(): Rates {
    const share = (of: number) => (of === 0 ? 0 : this.#right / of);
    const [found, expected] = [this.#found, this.#expected];
    return { precision: share(found), recall: share(expected), found, expected };
  }
}
