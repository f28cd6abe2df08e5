/**
 * Typed arrays that threads share, and lists of numbers that grow until they become such.
 * @module
 */

export const sharedUint8 = (length: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(length));

export const sharedUint32 = (length: number): Uint32Array => new Uint32Array(new SharedArrayBuffer(4 * length));

/** Whole numbers below 2³², one after the other. Blocks rather than one array: nothing is copied while it grows. */
export class Uint32List {
  #length = 0;
  readonly #blocks: Uint32Array[] = [];

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    const inBlock = this.#length & (blockSize - 1);
    if (inBlock === 0) this.#blocks.push(new Uint32Array(blockSize));
    this.#blocks[this.#blocks.length - 1]![inBlock] = value;
    this.#length++;
  }

  at(index: number): number {
    return this.#blocks[index >>> blockBits]![index & (blockSize - 1)]!;
  }

  /** All of it in one array. */
  shared(): Uint32Array {
    const all = sharedUint32(this.#length);
    for (const [i, block] of this.#blocks.entries()) {
      const from = i * blockSize;
      all.set(block.subarray(0, this.#length - from), from);
    }
    return all;
  }
}

const blockBits = 16;
const blockSize = 1 << blockBits;

/** The least power of two that is no smaller. */
export const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, least)));
