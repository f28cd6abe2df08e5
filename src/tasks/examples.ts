/**
 * Examples in order, wherever they are: an array, or a file that holds more than the memory does.
 *
 * @typeParam Example what one of them is
 */
export interface Examples<Example> extends Iterable<Example> {
  readonly length: number;
  /** One of them, counted from 0; undefined beyond the last. */
  at(index: number): Example | undefined;
}

/** Some of other examples, which stay where they are: four bytes for each. */
class ChosenExamples<Example> implements Examples<Example> {
  constructor(
    private readonly all: Examples<Example>,
    private readonly indices: Uint32Array,
  ) {}

  get length(): number {
    return this.indices.length;
  }

  at(index: number): Example | undefined {
    const chosen = this.indices[index];
    return chosen === undefined ? undefined : this.all.at(chosen);
  }

  *[Symbol.iterator](): Iterator<Example> {
    for (const index of this.indices) yield this.all.at(index) as Example;
  }
}

/** The examples with these numbers, in their order. */
export const chosenExamples = <Example>(all: Examples<Example>, indices: Uint32Array): Examples<Example> =>
  new ChosenExamples(all, indices);

/** The examples that are kept, in their order. */
export function filteredExamples<Example>(
  all: Examples<Example>,
  keep: (example: Example, index: number) => boolean,
): Examples<Example> {
  const kept = new Uint32Array(all.length);
  let [count, index] = [0, 0];
  for (const example of all) {
    if (keep(example, index)) kept[count++] = index;
    index++;
  }
  return count === all.length ? all : new ChosenExamples(all, kept.slice(0, count));
}
