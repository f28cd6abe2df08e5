/** What stands in for `src/tasks/stored-examples.ts`: a tab has no disk, so examples lie in memory. */
import type { Examples } from "../../tasks/examples.js";

export class StoredExamples<Example> implements Examples<Example> {
  private examples: Example[] = [];

  static async create<Example>(): Promise<StoredExamples<Example>> {
    return new StoredExamples<Example>();
  }

  get length(): number {
    return this.examples.length;
  }

  add(example: Example): void {
    this.examples.push(structuredClone(example));
  }

  /** A copy, which is the reader's own. */
  at(index: number): Example | undefined {
    return index < this.length ? structuredClone(this.examples[index]) : undefined;
  }

  *[Symbol.iterator](): Iterator<Example> {
    for (let i = 0; i < this.length; i++) yield this.at(i) as Example;
  }

  close(): void {
    this.examples = [];
  }
}
