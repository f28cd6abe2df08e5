import { userError } from "../errors.js";
import { readConllu } from "./conllu.js";
import type { DependencySentence, TreeOptions, TreeSettings } from "./dependency-sentence.js";
import { readFindHead } from "./find-head.js";
import { beginning, readRecords } from "./records.js";
import { SkipCounter } from "./skips.js";

/** Formats of dependency trees that can be read. */
export const treeFormats = ["conllu", "find-head"] as const;
export type TreeFormat = (typeof treeFormats)[number];

interface FormatOptions {
  /** Default `auto`: by what the file holds. */
  readonly format?: TreeFormat | "auto";
}

/** How trees are read, without who is told of what is left out. */
export type TreeReading = FormatOptions & TreeSettings;

/** Settings of {@link readTrees}. */
export type ReadTreesOptions = FormatOptions & TreeOptions;

/** SemEval's numbered lines have two columns; a broken file may lack some of its ten. */
const fewestColumns = 3;

/** Whether a file looks like CoNLL-U: its first line that is no comment is numbered and has columns, or there is none. */
async function looksLikeConllu(path: string): Promise<boolean> {
  const head = await beginning(path);
  const line = head.split(/\r\n?|\n/).find((text) => text.trim() !== "" && !text.startsWith("#"));
  if (line === undefined) return head.startsWith("#");
  return /^[\d.-]+\t/.test(line) && line.split("\t").length >= fewestColumns;
}

/** The format of a file that holds trees and nothing else that is known; null for any other. */
export async function recogniseTrees(path: string): Promise<TreeFormat | null> {
  if (await looksLikeConllu(path)) return "conllu";
  if (!/^[[{]/.test(await beginning(path))) return null;
  return (await firstHas(path, ["sent", "tokens", "pairs"])) ? "find-head" : null;
}

/** Whether the first record of a JSON file has all of these fields. */
async function firstHas(path: string, fields: readonly string[]): Promise<boolean> {
  // An object over several lines is no JSON Lines.
  if (!/^(\[|\{[^\n]*\}|\{[^\n]*$)/.test(await beginning(path))) return false;
  for await (const { value } of readRecords(path)) {
    return typeof value === "object" && value !== null && fields.every((field) => Object.hasOwn(value, field));
  }
  return false;
}

/** The format of a file of trees, recognised by content. */
export async function detectTreeFormat(path: string): Promise<TreeFormat> {
  if (await looksLikeConllu(path)) return "conllu";
  const head = await beginning(path);
  if (head.startsWith("[") || (head.startsWith("{") && (await firstHas(path, ["sent", "tokens"])))) return "find-head";
  throw userError({
    where: path,
    what: head === "" ? "the file is empty" : "the file holds no dependency trees",
    expected: "CoNLL-U, or the released code's find_head JSON",
    fix: `check the file, or name its format (${treeFormats.join(", ")})`,
  });
}

/**
 * Reads dependency trees of any known format, one sentence at a time.
 *
 * @throws UserError where the format cannot be recognised, a line is broken, or heads are no tree: file and line are
 * named.
 */
export async function* readTrees(path: string, options: ReadTreesOptions = {}): AsyncGenerator<DependencySentence> {
  const { format = "auto" } = options;
  const chosen = format === "auto" ? await detectTreeFormat(path) : format;
  if (chosen === "conllu") yield* readConllu(path, options);
  else yield* readFindHead(path, options);
}

/** What a file of trees holds. */
export interface TreeSummary {
  readonly sentences: number;
  readonly words: number;
  /** Words whose UPOS is not PUNCT. */
  readonly wordsNoPunct: number;
  /** Relations and how many words have each, the most frequent first. */
  readonly relations: readonly { readonly relation: string; readonly count: number }[];
  /** Sentences whose heads are no tree, by reason; they are not counted above. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** Counts a file's sentences, words and relations. */
export async function inspectTrees(path: string, format: TreeFormat | "auto" = "auto"): Promise<TreeSummary> {
  const relations = new Map<string, number>();
  const { counts: skipped, onSkip } = new SkipCounter();
  let [sentences, words, wordsNoPunct] = [0, 0, 0];
  for await (const sentence of readTrees(path, { format, brokenTrees: "skip", onSkip })) {
    sentences++;
    words += sentence.words.length;
    for (const { upos, relation } of sentence.words) {
      if (upos !== "PUNCT") wordsNoPunct++;
      if (relation !== "") relations.set(relation, (relations.get(relation) ?? 0) + 1);
    }
  }
  const counts = [...relations].map(([relation, count]) => ({ relation, count }));
  counts.sort((a, b) => b.count - a.count || (a.relation < b.relation ? -1 : 1));
  return { sentences, words, wordsNoPunct, relations: counts, skipped };
}
