import { userError } from "../errors.js";
import { byteLevelWords, byteSymbols, toByteSymbols } from "./byte-level.js";

/** Settings of {@link trainBpe}. */
export interface BpeTrainingOptions {
  /** Tokens wanted, the five special ones and the 256 bytes included. */
  readonly vocabSize: number;
  /** A pair must occur so often to be merged; default 2. */
  readonly minFrequency?: number;
}

/** A vocabulary in RoBERTa's two files. */
export interface TrainedBpe {
  /** Content of vocab.json. */
  readonly vocabJson: string;
  /** Content of merges.txt. */
  readonly mergesTxt: string;
  /** Tokens there are: fewer than wanted where the texts have too few pairs. */
  readonly vocabSize: number;
  /** Words that were counted. */
  readonly words: number;
}

/** RoBERTa's order: these first, `<mask>` behind all others. */
const firstSpecials = ["<s>", "<pad>", "</s>", "<unk>"];
const lastSpecials = ["<mask>"];
const smallest = firstSpecials.length + 256 + lastSpecials.length;
const largest = 1 << 20;
/** Longer words are ruled lines and the like: nothing is learnt from them. */
const longestWord = 256;

/** Two symbols as one number; symbols are below 2^20. */
const pairBase = 1 << 21;

/** The symbols of single bytes, in order of their characters, as Hugging Face's trainer numbers them. */
const alphabet = [...byteSymbols].sort();

/** Counts words as the tokenizer will cut them; every text is taken to stand behind a space. */
async function countWords(texts: Iterable<string> | AsyncIterable<string>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const text of texts) {
    for (const [word] of (/^\s/.test(text) ? text : ` ${text}`).matchAll(byteLevelWords)) {
      if (word.length <= longestWord) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

/** A binary heap of pairs: the most frequent on top, of equals the one with the smaller symbols. */
class PairHeap {
  readonly #pairs: number[] = [];
  readonly #counts: number[] = [];

  push(pair: number, count: number): void {
    let at = this.#pairs.length;
    this.#pairs.push(pair);
    this.#counts.push(count);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): { pair: number; count: number } | undefined {
    const pair = this.#pairs[0];
    const count = this.#counts[0];
    if (pair === undefined || count === undefined) return undefined;
    const end = this.#pairs.length - 1;
    this.#swap(0, end);
    this.#pairs.pop();
    this.#counts.pop();
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      let best = at;
      if (left < end && this.#before(left, best)) best = left;
      if (left + 1 < end && this.#before(left + 1, best)) best = left + 1;
      if (best === at) return { pair, count };
      this.#swap(at, best);
      at = best;
    }
  }

  #before(a: number, b: number): boolean {
    const difference = this.#counts[a]! - this.#counts[b]!;
    return difference > 0 || (difference === 0 && this.#pairs[a]! < this.#pairs[b]!);
  }

  #swap(a: number, b: number): void {
    const pair = this.#pairs[a]!;
    const count = this.#counts[a]!;
    this.#pairs[a] = this.#pairs[b]!;
    this.#counts[a] = this.#counts[b]!;
    this.#pairs[b] = pair;
    this.#counts[b] = count;
  }
}

/** Words as symbols, and how often each pair of neighbours occurs in them. */
class PairCounts {
  readonly #words: number[][] = [];
  readonly #wordCounts: number[] = [];
  readonly #counts = new Map<number, number>();
  /** Words in which a pair occurs, or once occurred. */
  readonly #places = new Map<number, number[]>();
  readonly #heap = new PairHeap();

  constructor(words: ReadonlyMap<string, number>) {
    const symbolOf = new Map(alphabet.map((symbol, index) => [symbol, index]));
    for (const [word, count] of words) {
      const symbols = Array.from(toByteSymbols(word), (symbol) => symbolOf.get(symbol)!);
      this.#words.push(symbols);
      this.#wordCounts.push(count);
      this.#addPairs(this.#words.length - 1, new Set());
    }
    for (const [pair, count] of this.#counts) this.#heap.push(pair, count);
  }

  /** The pair that occurs most, if that is at least `least` times. */
  best(least: number): number | undefined {
    for (let top = this.#heap.pop(); top !== undefined; top = this.#heap.pop()) {
      const count = this.#counts.get(top.pair) ?? 0;
      // A pair's entry is only made anew when it grows; one that has shrunk is put back with its true count.
      if (count === top.count) return count >= least ? top.pair : undefined;
      if (count > 0 && count < top.count) this.#heap.push(top.pair, count);
    }
    return undefined;
  }

  /** Replaces a pair by a new symbol wherever it occurs. */
  merge(pair: number, symbol: number): void {
    const left = Math.floor(pair / pairBase);
    const right = pair % pairBase;
    const grown = new Set<number>();
    for (const place of this.#places.get(pair) ?? []) {
      const word = this.#words[place]!;
      const merged: number[] = [];
      for (let index = 0; index < word.length; index++) {
        const isPair = word[index] === left && word[index + 1] === right;
        merged.push(isPair ? symbol : word[index]!);
        if (isPair) index++;
      }
      if (merged.length === word.length) continue;
      this.#removePairs(place);
      this.#words[place] = merged;
      this.#addPairs(place, grown, symbol);
    }
    this.#places.delete(pair);
    this.#counts.delete(pair);
    for (const one of grown) this.#heap.push(one, this.#counts.get(one) ?? 0);
  }

  #removePairs(place: number): void {
    const word = this.#words[place]!;
    for (let index = 0; index + 1 < word.length; index++) {
      const pair = word[index]! * pairBase + word[index + 1]!;
      this.#counts.set(pair, (this.#counts.get(pair) ?? 0) - this.#wordCounts[place]!);
    }
  }

  /** Counts a word's pairs; those that hold `symbol` (all without it) are new there and noted. */
  #addPairs(place: number, grown: Set<number>, symbol?: number): void {
    const word = this.#words[place]!;
    for (let index = 0; index + 1 < word.length; index++) {
      const left = word[index]!;
      const right = word[index + 1]!;
      const pair = left * pairBase + right;
      this.#counts.set(pair, (this.#counts.get(pair) ?? 0) + this.#wordCounts[place]!);
      if (symbol !== undefined && left !== symbol && right !== symbol) continue;
      grown.add(pair);
      const places = this.#places.get(pair);
      if (places === undefined) this.#places.set(pair, [place]);
      else if (places.at(-1) !== place) places.push(place);
    }
  }
}

/**
 * Learns a byte-level BPE vocabulary (Sennrich et al. 2016; bytes as in GPT-2) and writes it as RoBERTa's files do:
 * `<s> <pad> </s> <unk>`, the 256 bytes, the merges' tokens, `<mask>`. The same texts give the same vocabulary, in
 * whatever order they come.
 */
export async function trainBpe(
  texts: Iterable<string> | AsyncIterable<string>,
  options: BpeTrainingOptions,
): Promise<TrainedBpe> {
  const { vocabSize, minFrequency = 2 } = options;
  if (!Number.isInteger(vocabSize) || vocabSize < smallest || vocabSize > largest) {
    throw userError({
      where: "vocabSize",
      what: `${vocabSize} is no possible size`,
      expected: `${smallest} to ${largest}`,
    });
  }
  const words = await countWords(texts);
  const pairs = new PairCounts(words);
  const symbols = [...alphabet];
  const known = new Set(symbols);
  const merges: string[] = [];
  while (symbols.length < vocabSize - firstSpecials.length - lastSpecials.length) {
    const pair = pairs.best(Math.max(1, minFrequency));
    if (pair === undefined) break;
    const left = symbols[Math.floor(pair / pairBase)]!;
    const right = symbols[pair % pairBase]!;
    merges.push(`${left} ${right}`);
    // Two pairs can spell the same token; it is one token, reached by two merges.
    const spelled = left + right;
    if (known.has(spelled)) {
      pairs.merge(pair, symbols.indexOf(spelled));
    } else {
      known.add(spelled);
      pairs.merge(pair, symbols.push(spelled) - 1);
    }
  }
  const tokens = [...firstSpecials, ...symbols, ...lastSpecials];
  return {
    vocabJson: JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))),
    mergesTxt: `#version: 0.2\n${merges.map((merge) => `${merge}\n`).join("")}`,
    vocabSize: tokens.length,
    words: words.size,
  };
}
