/** Whole numbers below 2³², one after the other: four bytes each. */
export class Numbers {
  private numbers = new Uint32Array(1024);
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(number: number): void {
    if (this.count === this.numbers.length) {
      const larger = new Uint32Array(2 * this.count);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers[this.count++] = number;
  }

  at(index: number): number {
    return this.numbers[index] as number;
  }

  /** A copy of all of them, without room for more. */
  all(): Uint32Array {
    return this.numbers.slice(0, this.count);
  }
}
