import { availableParallelism } from "node:os";
import { join } from "node:path";
import { writeFileAtomically } from "../../files/atomic.js";
import { buildTables } from "../../knowledge/align/tables.js";
import { type DocumentFile, documentFiles } from "../../knowledge/documents/document-file.js";
import { loadWikitextParser } from "../../knowledge/documents/wikitext.js";
import { openKnowledge } from "../../knowledge/folder.js";
import { manifestFile } from "../../knowledge/manifest.js";
import { alignTexts } from "../../knowledge/pipeline/align-texts.js";
import { threadPool } from "../../knowledge/pipeline/pool.js";
import type { AlignReport } from "../../knowledge/pipeline/report.js";
import { readProgress, reportFiles } from "../../knowledge/pipeline/run-folder.js";
import { identityOfTexts } from "../../knowledge/pipeline/run-identity.js";
import type { WorkerSetup } from "../../knowledge/pipeline/worker.js";
import { inOutputFolder } from "../../library/output-folder.js";
import { counted, tally } from "../../phrases.js";
import type { AlignSettings } from "../../settings/align.js";
import { hashFile } from "../../weights/hash.js";
import { type CommandContext, Interrupted, isAbort } from "../run.js";
import { alignOptions } from "./evaluate.js";
import { AlignProgress } from "./progress.js";
import { alignReportPage } from "./report-page.js";

/** What `align` is given where it aligns texts. */
type TextSettings = AlignSettings & { readonly text: readonly string[]; readonly facts: string; readonly out: string };

/** `align --facts KB --text FILE… --out FOLDER`: sentences that state what is known. */
export async function alignTextFiles(options: TextSettings, context: CommandContext): Promise<void> {
  const files = await documentFiles(options.text);
  if (files.some(({ format }) => format === "wikipedia")) await loadWikitextParser();
  try {
    await inOutputFolder(options, () => alignInto(files, options, context));
  } catch (error) {
    if (!isAbort(error)) throw error;
    throw new Interrupted("whole parts are kept: continue with the same command and --resume");
  }
}

async function alignInto(
  files: readonly DocumentFile[],
  options: TextSettings,
  context: CommandContext,
): Promise<void> {
  const { output, signal, stderr } = context;
  const { facts, out, resume, dev, test, documents: parts, shardDocuments, samples, seed, negatives } = options;
  const shares = { train: 1 - dev - test, dev, test };
  const source = await openKnowledge(facts);
  const given = { ...alignOptions(options), negatives, seed };
  const identity = {
    texts: await identityOfTexts(files, signal),
    knowledge: await hashFile(join(facts, manifestFile)),
    options: { ...given, exclude: given.exclude ?? [], dev, test, documents: parts, shardDocuments, samples, seed },
  };
  // Before minutes are spent on tables.
  const before = resume ? await readProgress(out, identity) : null;
  if (before?.finished === true) {
    output.say(`the alignment in ${out} was finished before`);
    output.result({ out, finished: "before" });
    return;
  }
  const tables = await buildTables(source, { types: options.types });
  const { entities, names, triples, skipped } = tables.counts;
  output.note(`${counted(names, "name")} of ${counted(entities, "entity", "entities")}, ${counted(triples, "triple")}`);
  if (Object.keys(skipped).length > 0) output.note(`of what is known, left out ${tally(skipped)}`);
  signal.throwIfAborted();
  const setup: WorkerSetup = { tables, options: given, shares };
  const pool = threadPool(options.threads ?? Math.max(1, availableParallelism() - 1), setup);
  const progress = new AlignProgress(
    stderr,
    files.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const watch = {
    signal,
    onBytes: progress.onBytes.bind(progress),
    onBlock: progress.onBlock.bind(progress),
  };
  const plan = { files, parts, identity, shares, shardDocuments, samples, seed, labels: source.relations };
  try {
    const report = await alignTexts(out, plan, pool, before, watch);
    progress.stop();
    if (options.report === "page") await writeFileAtomically(join(out, reportFiles.page), alignReportPage(report));
    tell(report, options, context);
  } finally {
    progress.stop();
    await pool.close();
  }
}

/** Relations that are told of on the command line; the report has them all. */
const mostTold = 10;

function tell(report: AlignReport, { out }: TextSettings, { output }: CommandContext): void {
  const { documents, sentences, records, repeated, relations, skipped } = report;
  const { train, dev, test } = records;
  output.say(
    `${counted(train + dev + test, "record")} of ${counted(relations.length, "relation")} in ${out} (train ${train}, dev ${dev}, test ${test}), from ${counted(sentences, "sentence")} of ${counted(documents, "document")}`,
  );
  for (const { relation, label, ...counts } of relations.slice(0, mostTold)) {
    const total = counts.train + counts.dev + counts.test;
    output.say(`${String(total).padStart(9)}  ${relation}${label === null ? "" : ` (${label})`}`);
  }
  const more = relations.length - mostTold;
  if (more > 0) output.say(`           and ${counted(more, "relation")} more in ${join(out, reportFiles.json)}`);
  if (repeated > 0) output.note(`${counted(repeated, "record")} stood in the texts before`);
  if (Object.keys(skipped).length > 0) output.note(`left out ${tally(skipped)}`);
  output.result({ out, documents, sentences, records, repeated, relations: relations.length, skipped });
}
