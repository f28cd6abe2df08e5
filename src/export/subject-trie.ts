/**
 * The subjects of a gate as tables that a graph can look things up in: a trie (Fredkin 1960) of their tokens, one table
 * of edges for each depth.
 * @module
 */
import { userError } from "../errors.js";
import { isWhole, subjectForms } from "../tasks/recall/subject-gate.js";
import type { Tokenizer } from "../text/tokenizer.js";

/** Edges that leave the nodes of one depth. */
export interface TrieLevel {
  /** `node · stride + token`, ascending. */
  readonly keys: readonly number[];
  /** The node that each leads to. */
  readonly nodes: readonly number[];
}

/** How a node ends subjects. */
export const ending = { none: 0, whole: 1, needsBoundary: 2 } as const;

export interface SubjectTrie {
  /** Tokens, and one more that stands for padding. */
  readonly stride: number;
  /** The root is 0, as what leads nowhere is: no edge comes back to it. */
  readonly levels: readonly TrieLevel[];
  /**
   * Of each node, one of {@link ending}: none; a subject that begins with a space of its own; one that is whole only where
   * no letter or digit is right before it.
   */
  readonly endings: readonly number[];
  /** Of each token: whether a letter or digit is its last sign. */
  readonly endsInWord: readonly boolean[];
  /** Of each token: whether a word before it goes on in it. */
  readonly goesOn: readonly boolean[];
}

/**
 * @param vocabSize rows of the model's word embedding
 * @throws UserError where what stands around a subject does not follow from the tokens right beside it
 */
export function subjectTrie(tokenizer: Tokenizer, subjects: Iterable<string>, vocabSize: number): SubjectTrie {
  const forms = subjectForms(tokenizer, subjects);
  const edges = new TokenWords(tokenizer, vocabSize, forms);
  const stride = vocabSize + 1;
  const levels: Map<number, number>[] = [];
  const endings: number[] = [ending.none];
  for (const form of forms) {
    let node = 0;
    form.forEach((token, depth) => {
      levels[depth] ??= new Map();
      const key = node * stride + token;
      node = levels[depth].get(key) ?? endings.push(ending.none) - 1;
      levels[depth].set(key, node);
    });
    endings[node] = edges.needsBoundary(form) ? ending.needsBoundary : ending.whole;
  }
  edges.check(forms);
  const sorted = levels.map((level) => [...level].sort(([a], [b]) => a - b));
  return {
    stride,
    levels: sorted.map((level) => ({ keys: level.map(([key]) => key), nodes: level.map(([, node]) => node) })),
    endings,
    endsInWord: edges.endsInWord,
    goesOn: edges.goesOn,
  };
}

const wordAtEnd = /[\p{L}\p{N}]$/u;
const wordAtStart = /^[\p{L}\p{N}]/u;

/** What tokens are beside others, as text. */
class TokenWords {
  readonly endsInWord: readonly boolean[];
  readonly goesOn: readonly boolean[];
  /** A token that ends in a letter or digit. */
  private readonly letter: number | undefined;

  constructor(
    private readonly tokenizer: Tokenizer,
    vocabSize: number,
    forms: readonly (readonly number[])[],
  ) {
    const tokens = Array.from({ length: vocabSize }, (_, token) => token);
    const known = (token: number) => tokenizer.idToToken(token) !== undefined;
    this.endsInWord = tokens.map((token) => known(token) && wordAtEnd.test(tokenizer.decode([token])));
    const letter = this.endsInWord.indexOf(true);
    this.letter = letter < 0 ? undefined : letter;
    const [form = []] = forms;
    const own = tokenizer.decode(form).trim().length;
    const after = (token: number) =>
      tokenizer
        .decode([...form, token])
        .trimStart()
        .slice(own);
    this.goesOn = tokens.map((token) => known(token) && wordAtStart.test(after(token)));
  }

  /** Whether a form would be a part of a word that ends right before it. */
  needsBoundary(form: readonly number[]): boolean {
    return this.letter !== undefined && !isWhole(this.tokenizer, [this.letter, ...form], 1, 1 + form.length);
  }

  /** Compares the tables with {@link isWhole}, form by form, beside a few tokens of each sort. */
  check(forms: readonly (readonly number[])[]): void {
    const beside = this.samples();
    for (const form of forms) {
      const glued = this.needsBoundary(form);
      for (const token of beside) {
        const before = isWhole(this.tokenizer, [token, ...form], 1, 1 + form.length);
        const after = isWhole(this.tokenizer, [...form, token], 0, form.length);
        if (before === !(glued && this.endsInWord[token]) && after === !this.goesOn[token]) continue;
        throw userError({
          what: `the graph could not tell whether the subject ${JSON.stringify(this.tokenizer.decode(form).trim())} stands alone`,
          expected: "subjects whose ends follow from the tokens beside them",
          fix: "teach the facts under another name of it, or without a gate",
        });
      }
    }
  }

  /** The first and the last token of each combination of the tables. */
  private samples(): readonly number[] {
    const found = new Map<string, readonly [number, number]>();
    this.endsInWord.forEach((ends, token) => {
      if (this.tokenizer.idToToken(token) === undefined) return;
      const sort = `${ends} ${this.goesOn[token]}`;
      found.set(sort, [found.get(sort)?.[0] ?? token, token]);
    });
    return [...new Set([...found.values()].flat())];
  }
}
