import { owned } from "./owned.js";

/** Wikidata's ids have numbers below 2^28 for years to come; a bit each is 32 MB. */
const mostNumber = 2 ** 28;
const wikidataId = /^Q[1-9]\d{0,8}$/;

/** A JavaScript set has room for 2^24 items. */
const mostInSet = 2 ** 24 - 1;

/** Ids, exactly: those of Wikidata's items take a bit each, others a text each (about 100 bytes). */
export class IdSet {
  #bits = new Uint32Array(1 << 10);
  #others: Set<string>[] = [new Set()];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(id: string): void {
    if (this.has(id)) return;
    this.#size++;
    const number = numberOf(id);
    if (number === null) this.#addOther(id);
    else this.#addNumber(number);
  }

  #addNumber(number: number): void {
    const word = number >>> 5;
    if (word >= this.#bits.length) {
      const more = new Uint32Array(Math.max(word + 1, Math.min(2 * this.#bits.length, mostNumber / 32)));
      more.set(this.#bits);
      this.#bits = more;
    }
    this.#bits[word]! |= 1 << (number & 31);
  }

  has(id: string): boolean {
    const number = numberOf(id);
    if (number === null) return this.#others.some((set) => set.has(id));
    return (((this.#bits[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1;
  }

  #addOther(given: string): void {
    const id = owned(given);
    const last = this.#others.at(-1);
    if (last && last.size < mostInSet) last.add(id);
    else this.#others.push(new Set([id]));
  }
}

/** The number of a Wikidata item's id; null for other ids. */
function numberOf(id: string): number | null {
  if (!wikidataId.test(id)) return null;
  const number = Number(id.slice(1));
  return number < mostNumber ? number : null;
}
