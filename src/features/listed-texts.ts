import type { Texts } from "../tasks/encoded-examples.js";
import type { Examples } from "../tasks/examples.js";
import type { EncodedText } from "../tasks/task.js";
import { hashLists } from "../weights/hash.js";

/** Texts in memory. */
class ListedTexts<E extends EncodedText> implements Texts<E> {
  readonly lengths: Uint32Array;
  private readonly places: ReadonlyMap<E, number>;

  constructor(private readonly texts: readonly E[]) {
    this.lengths = Uint32Array.from(texts, ({ inputIds }) => inputIds.length);
    this.places = new Map(texts.map((text, i) => [text, i]));
  }

  get hash(): string {
    return hashLists(this.texts.map(({ inputIds }) => inputIds));
  }

  get length(): number {
    return this.texts.length;
  }

  at(index: number): E | undefined {
    return this.texts[index];
  }

  indexOf(text: E): number | undefined {
    return this.places.get(text);
  }

  [Symbol.iterator](): Iterator<E> {
    return this.texts[Symbol.iterator]();
  }
}

/** Encoded texts of a data set as they are looked up: those of a training as they are, others from memory. */
export const asTexts = <E extends EncodedText>(given: Examples<E> | Texts<E>): Texts<E> =>
  "lengths" in given ? given : new ListedTexts([...given]);
