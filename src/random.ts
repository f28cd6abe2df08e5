/**
 * Random numbers without hidden state: every draw is a function of a seed and of what it is drawn for, so a resumed
 * run draws what an uninterrupted one would have drawn.
 * @module
 */

/** A 32-bit mixing function of low bias (C. Wellons, https://nullprogram.com/blog/2018/07/31/). */
export function mix32(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hashes a seed and further keys (numbers or names) to 32 bits. */
export function hash32(...keys: readonly (number | string)[]): number {
  let h = 0x9e3779b9;
  for (const key of keys) {
    if (typeof key === "number") {
      h = mix32(h ^ mix32(key >>> 0));
      h = mix32(h ^ mix32(Math.floor(key / 2 ** 32) + 0x51ed270b));
    } else {
      for (let i = 0; i < key.length; i++) h = mix32(h ^ (key.charCodeAt(i) + 0x2545f491));
    }
  }
  return h;
}

/** A stream of numbers that follows from its keys. */
export class RandomStream {
  private readonly key: number;
  private readonly salt: number;
  private counter = 0;

  constructor(...keys: readonly (number | string)[]) {
    this.key = hash32(...keys);
    this.salt = hash32(this.key, "salt");
  }

  /** Uniform over the 32-bit integers. */
  uint32(): number {
    return mix32(mix32(this.counter++ ^ this.salt) + this.key);
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Standard normal (Box–Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 0.5) / 2 ** 32));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place. */
  shuffle<L extends Shuffled>(items: L): L {
    return shuffle(items, () => this.uniform());
  }
}

/**
 * Shuffles in place (Fisher–Yates).
 *
 * @param uniform draws from [0, 1)
 */
export function shuffle<L extends Shuffled>(items: L, uniform: () => number): L {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}

/** A list, be it an array or a typed one. */
interface Shuffled {
  readonly length: number;
  [index: number]: unknown;
}
