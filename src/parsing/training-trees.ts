/**
 * Training trees of files that may be plain text: an adapter parses it first.
 * @module
 */
import type { DependencySentence } from "../data/dependency-sentence.js";
import { SkipCounter } from "../data/skips.js";
import { recogniseTrees, type TreeReading } from "../data/tree-data.js";
import type { Executor } from "../engine/executor.js";
import { userError } from "../errors.js";
import { isFolder } from "../files/folder.js";
import { documentFiles } from "../knowledge/documents/document-file.js";
import type { ExampleSet } from "../tasks/task-data.js";
import { readTreeSet } from "../tasks/trees/linguistic.js";
import { openTreeModel, parseInChunks, type TreeModel, withTree } from "./parse-sentences.js";
import { textSentences } from "./text-sentences.js";

/** What parses texts, and how. */
export interface TextParser {
  readonly executor: Executor;
  /** The linguistic adapter's folder or Hugging Face id. */
  readonly adapter: string;
  readonly batchSize: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads trees where files hold trees, and parses all others, which hold texts as `parse` takes them.
 *
 * @throws UserError where a file can be read in neither way, or holds no sentence
 */
export async function readOrParseTrees(
  paths: readonly string[],
  read: TreeReading,
  { executor, adapter, batchSize, signal }: TextParser,
): Promise<ExampleSet<DependencySentence>> {
  const model = await openTreeModel(executor, adapter);
  try {
    const sets: ExampleSet<DependencySentence>[] = [];
    for (const path of paths) {
      const isTrees = !(await isFolder(path)) && (await recogniseTrees(path)) !== null;
      sets.push(isTrees ? await readTreeSet([path], read) : await parsedSet(path, model, batchSize, signal));
    }
    return joined(sets);
  } finally {
    await model.close();
  }
}

async function parsedSet(
  path: string,
  model: TreeModel,
  batchSize: number,
  signal: AbortSignal | undefined,
): Promise<ExampleSet<DependencySentence>> {
  const skips = new SkipCounter();
  const examples: DependencySentence[] = [];
  const sentences = textSentences(await documentFiles([path]), { parts: "auto", language: "en", skips });
  for await (const chunk of parseInChunks(model, sentences, batchSize, signal)) {
    for (const parsed of chunk) {
      if ("skipped" in parsed) skips.onSkip(parsed.skipped, parsed.sentence.where);
      else examples.push(withTree(parsed.sentence, parsed.attachments));
    }
  }
  if (examples.length > 0) return { where: path, examples, skipped: skips.counts };
  throw userError({
    where: path,
    what: "the texts hold no sentence that can be parsed",
    expected: "sentences of words",
  });
}

function joined(sets: readonly ExampleSet<DependencySentence>[]): ExampleSet<DependencySentence> {
  const skipped: Record<string, number> = {};
  for (const set of sets) {
    for (const [reason, by] of Object.entries(set.skipped)) skipped[reason] = (skipped[reason] ?? 0) + by;
  }
  return {
    where: sets.map(({ where }) => where).join(" "),
    examples: sets.flatMap(({ examples }) => [...examples]),
    skipped,
  };
}
