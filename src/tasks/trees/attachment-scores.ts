import type { DependencyWord } from "../../data/dependency-sentence.js";

/** Shares of words whose head (UAS), or head and relation (LAS), were told; fractions from 0 to 1. */
export interface AttachmentRates {
  /** Over all words. */
  readonly uas: number;
  /** Over words whose UPOS is not PUNCT. */
  readonly uasNoPunct: number;
  /** Where relations were learnt. */
  readonly las?: number;
  /** The same over words whose UPOS is not PUNCT. */
  readonly lasNoPunct?: number;
  /** Words that were told. */
  readonly words: number;
  /** Their sentences. */
  readonly sentences: number;
}

/** How well trees are told. */
export interface AttachmentScores extends AttachmentRates {
  /** Each treebank by its file. */
  readonly perFile: Readonly<Record<string, AttachmentRates>>;
}

/** A sentence and what was told of it. */
export interface AttachedSentence {
  readonly file: string;
  readonly words: readonly DependencyWord[];
  readonly heads: readonly number[];
  /** Null where relations were not learnt. */
  readonly relations: readonly string[] | null;
}

/** The universal part of a relation: `nsubj` of `nsubj:pass`. */
export const universalRelation = (relation: string): string => relation.split(":", 1)[0] as string;

/** Words that were told, those of them whose head is right, and those whose relation is right as well. */
interface Counts {
  words: number;
  heads: number;
  both: number;
}

/** What was counted over some sentences. */
class Tally {
  private sentences = 0;
  private related = false;
  private readonly all: Counts = { words: 0, heads: 0, both: 0 };
  private readonly noPunct: Counts = { words: 0, heads: 0, both: 0 };

  add({ words, heads, relations }: AttachedSentence): void {
    this.sentences++;
    this.related ||= relations !== null;
    for (const [i, word] of words.entries()) {
      const right = word.head === heads[i];
      const both = right && relations?.[i] === universalRelation(word.relation);
      for (const counts of word.upos === "PUNCT" ? [this.all] : [this.all, this.noPunct]) {
        counts.words++;
        if (right) counts.heads++;
        if (both) counts.both++;
      }
    }
  }

  rates(): AttachmentRates {
    const { all, noPunct } = this;
    const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
    return {
      uas: ratio(all.heads, all.words),
      uasNoPunct: ratio(noPunct.heads, noPunct.words),
      ...(this.related ? { las: ratio(all.both, all.words), lasNoPunct: ratio(noPunct.both, noPunct.words) } : {}),
      words: all.words,
      sentences: this.sentences,
    };
  }
}

/**
 * UAS and LAS as CoNLL 2018's `conll18_ud_eval.py` counts them over given words: relations without their subtypes.
 * Without sentences all rates are 0.
 *
 * @see https://github.com/ufal/conll2018/blob/317933157f0ea39943dea9185fd67a06e28c29b7/evaluation_script/conll18_ud_eval.py
 */
export function scoreAttachments(sentences: Iterable<AttachedSentence>): AttachmentScores {
  const files = new Map<string, Tally>();
  const all = new Tally();
  for (const sentence of sentences) {
    const own = files.get(sentence.file) ?? new Tally();
    files.set(sentence.file, own);
    for (const tally of [all, own]) tally.add(sentence);
  }
  return { ...all.rates(), perFile: Object.fromEntries([...files].map(([file, own]) => [file, own.rates()])) };
}
