import { userError } from "../errors.js";
import { readConllu } from "./conllu.js";
import type { DependencySentence, TreeOptions } from "./dependency-sentence.js";
import { readFindHead } from "./find-head.js";
import { beginning } from "./records.js";

/** Formats of dependency trees that can be read. */
export const treeFormats = ["conllu", "find-head"] as const;
export type TreeFormat = (typeof treeFormats)[number];

/** Settings of {@link readTrees}. */
export interface ReadTreesOptions extends TreeOptions {
  /** Default `auto`: by what the file holds. */
  readonly format?: TreeFormat | "auto";
}

/** The format of a file of trees, recognised by content. */
export async function detectTreeFormat(path: string): Promise<TreeFormat> {
  const head = await beginning(path);
  if (head.startsWith("[")) return "find-head";
  if (head.startsWith("#") || /^[\d.-]+\t/.test(head)) return "conllu";
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
