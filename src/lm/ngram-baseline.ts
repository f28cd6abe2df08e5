import type { TokenBlock } from "../data/text.js";
import { type MaskedLmScores, scoresOf } from "./masked-lm.js";

/** A word that is to be told, and the text in which it stands, nothing hidden. */
export interface Question {
  readonly word: number;
  /** The token before it; null at the beginning. */
  readonly left: number | null;
}

/** Words that follow another, with their counts. */
type Followers = Map<number, number>;

/**
 * Unigram and bigram models of token blocks.
 *
 *     u(w) = (c(w) + 1) / (N + V)
 *     b(w | l) = (c(l, w) + t(l)·u(w)) / (c(l) + t(l))     t(l): different words behind l
 *
 * The second is Witten and Bell's interpolation (Chen & Goodman 1999, §2.6): nothing in it is fitted.
 */
export class NgramBaseline {
  private readonly counts: Float64Array;
  private readonly followers = new Map<number, Followers>();
  private total = 0;
  private readonly likeliest: number;

  /** @param never tokens in the text that are not words of it, such as separators */
  constructor(
    blocks: Iterable<TokenBlock>,
    private readonly vocabSize: number,
    private readonly never: ReadonlySet<number>,
  ) {
    this.counts = new Float64Array(vocabSize);
    for (const { ids } of blocks) this.read(ids);
    this.likeliest = this.counts.reduce((best, count, id) => (count > (this.counts[best] as number) ? id : best), 0);
  }

  private read(ids: Int32Array): void {
    ids.forEach((id, i) => {
      if (this.never.has(id)) return;
      this.total++;
      this.counts[id] = (this.counts[id] as number) + 1;
      const left = ids[i - 1];
      if (left === undefined) return;
      const behind = this.followers.get(left) ?? new Map<number, number>();
      this.followers.set(left, behind.set(id, (behind.get(id) ?? 0) + 1));
    });
  }

  unigram(questions: readonly Question[]): MaskedLmScores {
    return scoresOf(
      questions.map(({ word }) => ({ logProbability: Math.log(this.frequency(word)), right: word === this.likeliest })),
    );
  }

  bigram(questions: readonly Question[]): MaskedLmScores {
    const best = new Map<number | null, number>();
    return scoresOf(
      questions.map(({ word, left }) => {
        if (!best.has(left)) best.set(left, this.bestBehind(left));
        return { logProbability: Math.log(this.behind(left)(word)), right: best.get(left) === word };
      }),
    );
  }

  private frequency(word: number): number {
    return ((this.counts[word] as number) + 1) / (this.total + this.vocabSize);
  }

  /** b(· | left) */
  private behind(left: number | null): (word: number) => number {
    const followers = left === null ? undefined : this.followers.get(left);
    if (!followers) return (word) => this.frequency(word);
    let count = 0;
    for (const one of followers.values()) count += one;
    return (word) => ((followers.get(word) ?? 0) + followers.size * this.frequency(word)) / (count + followers.size);
  }

  /** The likeliest word: one that was seen there, or the most frequent of all. */
  private bestBehind(left: number | null): number {
    const probability = this.behind(left);
    const seen = left === null ? [] : (this.followers.get(left)?.keys() ?? []);
    return [...seen].reduce((best, word) => (probability(word) > probability(best) ? word : best), this.likeliest);
  }
}
