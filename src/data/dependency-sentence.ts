import { setting, userError } from "../errors.js";
import { counted } from "../phrases.js";
import type { OnSkip } from "./skips.js";

/** A syntactic word and its place in the tree. */
export interface DependencyWord {
  readonly form: string;
  /** Universal part of speech; empty where the data has none. */
  readonly upos: string;
  /** The word that it depends on, counted from 1; 0 for the root; -1 where it is to be told. */
  readonly head: number;
  /** Universal relation, subtype included; empty where the data has none. */
  readonly relation: string;
  /** Whether a space stands between this word and the next. */
  readonly spaceAfter: boolean;
}

/** A sentence as a dependency tree. */
export interface DependencySentence {
  readonly words: readonly DependencyWord[];
  readonly id?: string;
  /** The file it comes from: its treebank. */
  readonly file: string;
  /** `file:line` */
  readonly where: string;
  /** The sentence's lines as they stand in a CoNLL-U file, where they were asked for. */
  readonly lines?: readonly string[];
}

/** Why heads are no tree. */
export type BrokenTree = "head-out-of-range" | "no-root" | "several-roots" | "cycle";

/** A tree's fault, with the word (counted from 1) where it shows. */
export interface TreeFault {
  readonly reason: BrokenTree;
  readonly word: number;
}

/** How trees are read. */
export interface TreeSettings {
  /** Heads and relations are not read, as for prediction; they may be missing. */
  readonly unlabelled?: boolean;
  /**
   * What a sentence whose heads are no tree is: an error (the default), left out and told, or kept as in the released
   * code, unless a head is no word.
   */
  readonly brokenTrees?: "error" | "skip" | "keep";
  /** Keep the lines of CoNLL-U files, to write them with other heads. */
  readonly keepLines?: boolean;
}

/** Settings of readers of trees: whoever lets them leave something out is told of it. */
export type TreeOptions = TreeSettings &
  (
    | { readonly brokenTrees?: "error"; readonly onSkip?: OnSkip<BrokenTree> }
    | { readonly brokenTrees: "skip" | "keep"; readonly onSkip: OnSkip<BrokenTree> }
  );

/** The first fault of a list of heads, each counted from 1 with 0 for the root; null for a tree with one root. */
export function treeFault(heads: readonly number[]): TreeFault | null {
  const outside = heads.findIndex((head) => !(Number.isInteger(head) && head >= 0 && head <= heads.length));
  if (outside >= 0) return { reason: "head-out-of-range", word: outside + 1 };
  const root = heads.indexOf(0);
  if (root < 0) return { reason: "no-root", word: 1 };
  const second = heads.indexOf(0, root + 1);
  if (second >= 0) return { reason: "several-roots", word: second + 1 };
  // 0: not seen; otherwise the walk in which a word was seen. Every word is walked through once.
  const seen = new Int32Array(heads.length + 1);
  for (let start = 1; start <= heads.length; start++) {
    let at = start;
    while (at !== 0 && seen[at] === 0) {
      seen[at] = start;
      at = heads[at - 1] as number;
    }
    if (at !== 0 && seen[at] === start) return { reason: "cycle", word: at };
  }
  return null;
}

/**
 * Whether a sentence's heads are a tree; what they are otherwise is an error or told, as the options say.
 *
 * @param whereOf place of a word, counted from 1
 */
export function acceptTree(
  words: readonly DependencyWord[],
  whereOf: (word: number) => string,
  options: TreeOptions,
): boolean {
  const fault = treeFault(words.map(({ head }) => head));
  if (fault === null || (options.brokenTrees === "keep" && fault.reason !== "head-out-of-range")) return true;
  const where = whereOf(fault.word);
  if (options.brokenTrees === "skip" || options.brokenTrees === "keep") {
    options.onSkip(fault.reason, where);
    return false;
  }
  throw userError({
    where,
    what: describe(fault, words),
    expected: "a tree: every head a word of the sentence, one word with head 0, no cycles",
    fix: `repair the sentence, or leave such sentences out with ${setting("brokenTrees", "skip")}`,
  });
}

function describe({ reason, word }: TreeFault, words: readonly DependencyWord[]): string {
  const { form, head } = words[word - 1] as DependencyWord;
  const shown = `word ${word} (${JSON.stringify(form.slice(0, 40))})`;
  switch (reason) {
    case "head-out-of-range":
      return `${shown} has the head ${head}, the sentence has ${counted(words.length, "word")}`;
    case "no-root":
      return "no word has the head 0: the tree has no root";
    case "several-roots":
      return `${shown} is a second root`;
    case "cycle":
      return `${shown} depends on itself by way of its heads`;
  }
}
