import { SkipCounter } from "../data/skips.js";
import { Numbers } from "../files/numbers.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { type ExampleHashes, TextHash } from "./example-hash.js";
import type { Examples } from "./examples.js";
import { StoredExamples } from "./stored-examples.js";
import type { EncodedText, Task } from "./task.js";
import { type ExampleSet, encodedOf, requireSome, type SkipCounts } from "./task-data.js";

/** Texts of a data set, as hidden states are computed, kept and looked up for them. */
export interface Texts<Text extends EncodedText> extends Examples<Text> {
  /** Tokens of each. */
  readonly lengths: ArrayLike<number>;
  /** SHA-256 of the token ids of all of them. */
  readonly hash: string;
  /** Which one it is, of those that `at` gave; undefined for any other. */
  indexOf(text: Text): number | undefined;
}

/** The texts of an example, see {@link Task.texts}. */
export function textsOf<E extends EncodedText>(
  task: Pick<Task<never, E, unknown>, "texts">,
  example: E,
): readonly EncodedText[] {
  return task.texts?.(example) ?? [example];
}

/** What is known of each of some examples, in order. */
interface Sizes {
  /** Tokens of each example's longest text. */
  readonly lengths: Uint32Array;
  /** Of examples with several texts: the number of each one's first text, and behind them that of all; null otherwise. */
  readonly firstTexts: Uint32Array | null;
  /** Tokens of each text. */
  readonly textLengths: Uint32Array;
}

/** A data set as token ids, on disk; in memory it takes some bytes for each example. */
export class EncodedExamples<Encoded extends EncodedText> implements Texts<Encoded> {
  /** The texts of all examples, in order. */
  readonly texts: Texts<EncodedText>;
  private readonly places = new WeakMap<EncodedText, number>();

  constructor(
    private readonly stored: StoredExamples<Encoded>,
    private readonly task: Pick<Task<never, Encoded, unknown>, "texts">,
    private readonly sizes: Sizes,
    readonly hashes: ExampleHashes,
  ) {
    const { firstTexts, textLengths } = sizes;
    this.texts = firstTexts === null ? this : new TextsOfExamples(this, firstTexts, textLengths);
  }

  /** Of the token ids of all texts; {@link hashes} has that of all that examples feed. */
  get hash(): string {
    return this.hashes.texts;
  }

  get length(): number {
    return this.stored.length;
  }

  /** Tokens of each example's longest text. */
  get lengths(): Uint32Array {
    return this.sizes.lengths;
  }

  /** How many texts each example has; null where it is one. */
  get textCounts(): Uint32Array | null {
    const { firstTexts } = this.sizes;
    return firstTexts?.subarray(0, -1).map((first, i) => (firstTexts[i + 1] as number) - first) ?? null;
  }

  at(index: number): Encoded | undefined {
    const example = this.stored.at(index);
    if (example === undefined) return undefined;
    const { firstTexts } = this.sizes;
    const first = firstTexts ? (firstTexts[index] as number) : index;
    for (const [i, text] of this.textsOf(example).entries()) this.places.set(text, first + i);
    return example;
  }

  /** Of examples with several texts, those are found. */
  indexOf(text: EncodedText): number | undefined {
    return this.places.get(text);
  }

  textsOf(example: Encoded): readonly EncodedText[] {
    return textsOf(this.task, example);
  }

  *[Symbol.iterator](): Iterator<Encoded> {
    for (let i = 0; i < this.length; i++) yield this.at(i) as Encoded;
  }

  async close(): Promise<void> {
    this.stored.close();
  }
}

/** The texts of examples that have several. */
class TextsOfExamples<Encoded extends EncodedText> implements Texts<EncodedText> {
  constructor(
    private readonly examples: EncodedExamples<Encoded>,
    private readonly firstTexts: Uint32Array,
    readonly lengths: Uint32Array,
  ) {}

  get length(): number {
    return this.lengths.length;
  }

  get hash(): string {
    return this.examples.hash;
  }

  at(index: number): EncodedText | undefined {
    if (!(index < this.length)) return undefined;
    // The last example whose first text is not behind this one: by halves.
    let [low, high] = [0, this.examples.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.firstTexts[middle] as number) <= index) low = middle;
      else high = middle;
    }
    const texts = this.examples.textsOf(this.examples.at(low) as Encoded);
    return texts[index - (this.firstTexts[low] as number)];
  }

  indexOf(text: EncodedText): number | undefined {
    return this.examples.indexOf(text);
  }

  *[Symbol.iterator](): Iterator<EncodedText> {
    for (const example of this.examples) yield* this.examples.textsOf(example);
  }
}

/** A data set that a training learns from or is judged by. */
export interface StoredData<Encoded extends EncodedText> {
  readonly examples: EncodedExamples<Encoded>;
  readonly skipped: SkipCounts;
}

/** So many examples are encoded before others get a turn, such as who waits for a signal. */
const atOnce = 256;

/**
 * Encodes a data set onto the disk, in one pass; examples that do not fit are counted.
 *
 * @param signal stops it with an AbortError
 * @throws UserError where no example fits, or the disk is full
 */
export async function storeEncoded<Example, Encoded extends EncodedText>(
  task: Pick<Task<Example, Encoded, unknown>, "encode" | "texts" | "feeds">,
  tokenizer: Tokenizer,
  { where, examples, skipped }: ExampleSet<Example>,
  signal?: AbortSignal,
): Promise<StoredData<Encoded>> {
  const counter = new SkipCounter(skipped);
  const stored = await StoredExamples.create<Encoded>();
  try {
    const sizes = new SizeLog(task.texts !== undefined);
    const hash = new TextHash(task);
    for (const encoded of encodedOf(task, tokenizer, examples, (reason) => counter.onSkip(reason, where))) {
      const texts = textsOf(task, encoded);
      stored.add(encoded);
      sizes.add(texts);
      hash.add(encoded, texts);
      if (stored.length % atOnce === 0) await turn(signal);
    }
    requireSome({ examples: stored, skipped: counter.counts }, where);
    return { examples: new EncodedExamples(stored, task, sizes.done(), hash.digest()), skipped: counter.counts };
  } catch (error) {
    stored.close();
    throw error;
  }
}

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

/** Notes the sizes of examples, one after the other. */
class SizeLog {
  private readonly lengths = new Numbers();
  private readonly firstTexts = new Numbers();
  private readonly textLengths: Numbers;

  constructor(private readonly several: boolean) {
    this.textLengths = several ? new Numbers() : this.lengths;
  }

  add(texts: readonly EncodedText[]): void {
    this.lengths.push(texts.reduce((most, { inputIds }) => Math.max(most, inputIds.length), 0));
    if (!this.several) return;
    this.firstTexts.push(this.textLengths.length);
    for (const { inputIds } of texts) this.textLengths.push(inputIds.length);
  }

  done(): Sizes {
    if (this.several) this.firstTexts.push(this.textLengths.length);
    const [lengths, firstTexts] = [this.lengths.all(), this.several ? this.firstTexts.all() : null];
    return { lengths, firstTexts, textLengths: this.several ? this.textLengths.all() : lengths };
  }
}
