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

interface Counts {
  readonly words: number;
  readonly heads: number;
  readonly both: number;
}

const none: Counts = { words: 0, heads: 0, both: 0 };
const plus = (a: Counts, b: Counts): Counts => ({
  words: a.words + b.words,
  heads: a.heads + b.heads,
  both: a.both + b.both,
});

/**
 * UAS and LAS as CoNLL 2018's `conll18_ud_eval.py` counts them over given words: relations without their subtypes.
 * Without sentences all rates are 0.
 *
 * @see https://github.com/ufal/conll2018/blob/317933157f0ea39943dea9185fd67a06e28c29b7/evaluation_script/conll18_ud_eval.py
 */
export function scoreAttachments(sentences: readonly AttachedSentence[]): AttachmentScores {
  const files = new Map<string, AttachedSentence[]>();
  for (const sentence of sentences) {
    const own = files.get(sentence.file);
    if (own) own.push(sentence);
    else files.set(sentence.file, [sentence]);
  }
  return {
    ...ratesOf(sentences),
    perFile: Object.fromEntries([...files].map(([file, own]) => [file, ratesOf(own)])),
  };
}

function ratesOf(sentences: readonly AttachedSentence[]): AttachmentRates {
  const all = sentences.map((sentence) => countWords(sentence, () => true)).reduce(plus, none);
  const noPunct = sentences.map((sentence) => countWords(sentence, ({ upos }) => upos !== "PUNCT")).reduce(plus, none);
  const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
  return {
    uas: ratio(all.heads, all.words),
    uasNoPunct: ratio(noPunct.heads, noPunct.words),
    ...(sentences.some(({ relations }) => relations !== null)
      ? { las: ratio(all.both, all.words), lasNoPunct: ratio(noPunct.both, noPunct.words) }
      : {}),
    words: all.words,
    sentences: sentences.length,
  };
}

function countWords({ words, heads, relations }: AttachedSentence, counts: (word: DependencyWord) => boolean): Counts {
  let [all, right, both] = [0, 0, 0];
  words.forEach((word, i) => {
    if (!counts(word)) return;
    all++;
    if (word.head !== heads[i]) return;
    right++;
    if (relations?.[i] === universalRelation(word.relation)) both++;
  });
  return { words: all, heads: right, both };
}
