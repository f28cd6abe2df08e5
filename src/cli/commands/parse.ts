import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { adapterFiles } from "../../adapters/folder.js";
import { findModel } from "../../adapters/found-model.js";
import { userError } from "../../errors.js";
import { isFolder } from "../../files/folder.js";
import { type DocumentFile, documentFiles } from "../../knowledge/documents/document-file.js";
import { loadWikitextParser } from "../../knowledge/documents/wikitext.js";
import { identityOfTexts, type RunIdentity } from "../../knowledge/pipeline/run-identity.js";
import { withOutputFolder } from "../../library/output-folder.js";
import { openTreeModel } from "../../parsing/parse-sentences.js";
import { isParseOf, parseTexts } from "../../parsing/parse-texts.js";
import { isUnfinished, type ParseCounts, unfinishedFolder } from "../../parsing/unfinished-parse.js";
import { counted, tally } from "../../phrases.js";
import { adapterNamed } from "../../settings/apply.js";
import type { ParseSettings } from "../../settings/parse.js";
import { hashFile } from "../../weights/hash.js";
import { refuseExisting } from "../files.js";
import { type CommandContext, Interrupted, isAbort } from "../run.js";
import { withEngine } from "../runtime.js";
import { TextsProgress } from "../texts-progress.js";

/** `parse`: texts to dependency trees. */
export async function run(options: ParseSettings, context: CommandContext): Promise<void> {
  const { out } = options;
  const { output, signal } = context;
  const files = await documentFiles(options.text);
  if (files.some(({ format }) => format === "wikipedia")) await loadWikitextParser();
  const { folder } = await findModel(adapterNamed(options));
  const identity = await identityOf(files, join(folder, adapterFiles.config), options, signal);
  if (options.resume && (await isParseOf(out, identity))) {
    output.say(`the parse in ${out} was finished before`);
    output.result({ out, finished: "before" });
    return;
  }
  await refuseUsed(options);
  const unfinished = unfinishedFolder(out);
  try {
    await withOutputFolder(unfinished, () => parseInto(files, folder, identity, options, context));
  } catch (error) {
    if (!isAbort(error)) throw error;
    throw new Interrupted("what is parsed is kept: continue with the same command and --resume");
  }
  await rmdir(unfinished).catch(() => undefined);
}

/** Refuses to replace a file, or a run that was not finished, unless that was asked for. */
async function refuseUsed({ out, resume, overwrite }: ParseSettings): Promise<void> {
  await refuseExisting(out, overwrite);
  if (overwrite && (await isFolder(out).catch(() => false))) {
    throw userError({ where: out, what: "it is a folder", expected: "the name of a file" });
  }
  if (resume || overwrite || !(await isUnfinished(out))) return;
  throw userError({
    where: unfinishedFolder(out),
    what: "a parse was begun and not finished",
    fix: "go on with --resume, or begin again with --overwrite",
  });
}

/** All that decides what is written. */
async function identityOf(
  files: readonly DocumentFile[],
  adapter: string,
  { documents, language, batchSize, backbone }: ParseSettings,
  signal: AbortSignal,
): Promise<RunIdentity> {
  return {
    texts: await identityOfTexts(files, signal),
    // It holds the hashes of the adapter's tensors.
    knowledge: await hashFile(adapter),
    options: { documents, language, batchSize, backbone: backbone ?? null },
  };
}

function parseInto(
  files: readonly DocumentFile[],
  adapter: string,
  identity: RunIdentity,
  options: ParseSettings,
  { output, signal, stderr }: CommandContext,
): Promise<void> {
  const { out, documents: parts, language, batchSize, backbone, resume } = options;
  return withEngine(options, async (executor) => {
    const model = await openTreeModel(executor, adapter, backbone);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const note of model.notes) output.note(note);
    const progress = new TextsProgress(stderr, bytes);
    let before: ParseCounts | undefined;
    const rate = ({ sentences }: ParseCounts) =>
      (sentences - (before?.sentences ?? 0)) / Math.max(1e-9, progress.seconds);
    const watch = {
      signal,
      onBytes: progress.onBytes.bind(progress),
      onBegin: (counts: ParseCounts) => {
        before = counts;
      },
      onSentences: (counts: ParseCounts) =>
        progress.show(`${counted(counts.sentences, "sentence")}, ${rate(counts).toFixed(1)} sentences/s`),
    };
    try {
      const counts = await parseTexts(out, { files, identity, batchSize, parts, language }, model, resume, watch);
      progress.stop();
      const { sentences, words, skipped } = counts;
      output.say(
        `${counted(sentences, "sentence")} of ${counted(words, "word")} in ${out}, ${rate(counts).toFixed(1)} sentences/s`,
      );
      if (Object.keys(skipped).length > 0) output.note(`left out ${tally(skipped)}`);
      output.result({ out, sentences, words, skipped, sentencesPerSecond: rate(counts) });
    } finally {
      progress.stop();
      await model.close();
    }
  });
}
