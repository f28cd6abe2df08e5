/** What was seen, as 64 bits each: 8 to 27 bytes of memory an entry. */
export class Fingerprints {
  // Two words an entry. The entry of zeros alone would look like an empty place.
  #table = new Uint32Array(2 << 16);
  #used = 0;
  #hasZero = false;

  /** How many there are. */
  get size(): number {
    return this.#used + (this.#hasZero ? 1 : 0);
  }

  /** Adds one; false where it was there. */
  add([low, high]: readonly [number, number]): boolean {
    if (low === 0 && high === 0) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    if (this.#used * 10 >= this.#places * 6) this.grow();
    const isNew = this.put(low, high);
    if (isNew) this.#used++;
    return isNew;
  }

  get #places(): number {
    return this.#table.length / 2;
  }

  private put(low: number, high: number): boolean {
    const table = this.#table;
    const mask = this.#places - 1;
    for (let at = (low & mask) >>> 0; ; at = (at + 1) & mask) {
      const [a, b] = [table[2 * at], table[2 * at + 1]];
      if (a === low && b === high) return false;
      if (a !== 0 || b !== 0) continue;
      table[2 * at] = low;
      table[2 * at + 1] = high;
      return true;
    }
  }

  private grow(): void {
    const old = this.#table;
    this.#table = new Uint32Array(2 * old.length);
    for (let at = 0; at < old.length; at += 2) {
      const [low = 0, high = 0] = [old[at], old[at + 1]];
      if (low !== 0 || high !== 0) this.put(low, high);
    }
  }
}
