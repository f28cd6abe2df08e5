/**
 * Texts on their way to a file of dependency trees: cut into sentences and words, parsed, written.
 * @module
 */
import { createReadStream } from "node:fs";
import { formatConllu } from "../data/conllu.js";
import { SkipCounter } from "../data/skips.js";
import { userError } from "../errors.js";
import type { DocumentFile } from "../knowledge/documents/document-file.js";
import type { RunIdentity } from "../knowledge/pipeline/run-identity.js";
import { tally } from "../phrases.js";
import { hashJson } from "../weights/hash.js";
import { type Parsed, parseInChunks, type TreeModel } from "./parse-sentences.js";
import { type TextSentence, type TextSentencesOptions, textSentences } from "./text-sentences.js";
import { type ParseCounts, UnfinishedParse } from "./unfinished-parse.js";

/** What is parsed, and how. */
export interface ParsePlan extends Pick<TextSentencesOptions, "parts" | "language"> {
  readonly files: readonly DocumentFile[];
  readonly identity: RunIdentity;
  readonly batchSize: number;
}

/** Who is told how far it is, and who stops it. */
export interface ParseWatch {
  readonly signal: AbortSignal;
  /** Told of bytes of the texts as they lie on the disk. */
  onBytes(count: number): void;
  /** Told of what an earlier run had done. */
  onBegin(counts: ParseCounts): void;
  /** Told whenever sentences were written. */
  onSentences(counts: ParseCounts): void;
}

/** The comment before the first sentence by which a file is known again. */
const mark = ({ texts, ...others }: RunIdentity): string =>
  `# kadapter_parse = ${hashJson({ ...others, texts: texts.map((text) => ({ ...text })) })}`;

/** Whether a file is the whole result of a run. */
export async function isParseOf(path: string, identity: RunIdentity): Promise<boolean> {
  const line = `${mark(identity)}\n`;
  let head = "";
  try {
    for await (const chunk of createReadStream(path, { end: line.length - 1 })) head += String(chunk);
  } catch {
    return false;
  }
  return head === line;
}

/**
 * Parses texts into one file of CoNLL-U, which appears when it is whole. The folder in which it grows is there, and nobody
 * else writes into it.
 *
 * @param resume go on after what an earlier run has kept, where there is something
 * @returns what was done, earlier runs included
 * @throws UserError where a text cannot be read, or what was kept is of another run
 */
export async function parseTexts(
  out: string,
  plan: ParsePlan,
  model: TreeModel,
  resume: boolean,
  { signal, onBytes, onBegin, onSentences }: ParseWatch,
): Promise<ParseCounts> {
  const { files, identity, batchSize, parts, language } = plan;
  const unfinished = await UnfinishedParse.open(out, identity, resume);
  try {
    const skips = new SkipCounter();
    let counts = unfinished.before;
    onBegin(counts);
    const sentences = textSentences(files, { parts, language, skips, onBytes, after: counts.read });
    for await (const chunk of parseInChunks(model, sentences, batchSize, signal)) {
      const head = counts.read === 0 ? `${mark(identity)}\n` : "";
      const text = chunk.map((one) => writtenTree(one, skips)).join("");
      counts = moreCounts(counts, chunk, skips.take());
      await unfinished.keep(head + text, counts);
      onSentences(counts);
    }
    counts = { ...counts, skipped: sum(counts.skipped, skips.take()) };
    if (counts.sentences === 0) throw nothingParsed(plan, counts);
    await unfinished.finish();
    return counts;
  } catch (error) {
    await unfinished.close();
    throw error;
  }
}

const nothingParsed = ({ files }: ParsePlan, { skipped }: ParseCounts): Error =>
  userError({
    where: files.map(({ path }) => path).join(" "),
    what: `the texts hold no sentence that can be parsed (${tally(skipped) || "there is none"})`,
    expected: "sentences of words",
  });

/** A sentence as lines with an empty one at the end; nothing, and counted, where it has no tree. */
function writtenTree(parsed: Parsed<TextSentence>, { onSkip }: SkipCounter): string {
  const { sentence } = parsed;
  const { newDocument, where } = sentence;
  if ("skipped" in parsed) {
    onSkip(parsed.skipped, where);
    return "";
  }
  const document = newDocument === undefined ? [] : [`# newdoc id = ${newDocument}`];
  return `${[...document, ...formatConllu(sentence, parsed.attachments)].join("\n")}\n\n`;
}

function moreCounts(
  { sentences, words, skipped }: ParseCounts,
  chunk: readonly Parsed<TextSentence>[],
  more: Readonly<Record<string, number>>,
): ParseCounts {
  const written = chunk.filter((one) => "attachments" in one);
  return {
    read: (chunk.at(-1) as Parsed<TextSentence>).sentence.number,
    sentences: sentences + written.length,
    words: words + written.reduce((sum, { sentence }) => sum + sentence.words.length, 0),
    skipped: sum(skipped, more),
  };
}

function sum(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const total: Record<string, number> = { ...a };
  for (const [reason, by] of Object.entries(b)) total[reason] = (total[reason] ?? 0) + by;
  return total;
}
