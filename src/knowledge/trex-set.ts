/**
 * The examples of T-REx's dump as a folder that trainings read: the set that K-Adapter's paper calls T-REx-rc.
 * @module
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { alignedFormat, manifestFile, type PartFile } from "../data/aligned-folder.js";
import { codePointOffsets } from "../data/code-points.js";
import { partOf } from "../data/relation-data.js";
import type { RelationExample, Span } from "../data/relation-example.js";
import { SkipCounter } from "../data/skips.js";
import { readTrex } from "../data/trex/trex.js";
import { userError } from "../errors.js";
import { GzipFile } from "../files/gzip-file.js";
import { type PartName, type PartShares, partNames } from "./pipeline/record.js";
import { partsWithShare } from "./pipeline/run-counts.js";
import { partFolder, partName, removeOthers, writeJson } from "./pipeline/run-folder.js";

/** Which triples, and how they are divided. */
export interface TrexSetPlan {
  /** The published dump. */
  readonly data: string;
  readonly minEntityPairs: number;
  readonly mostBad: number;
  readonly dropRelations: readonly string[];
  readonly shares: PartShares;
  readonly seed: number;
}

/** What was written. */
export interface TrexSet {
  readonly examples: Readonly<Record<PartName, number>>;
  /** The most frequent first. */
  readonly relations: readonly { readonly relation: string; readonly examples: number }[];
  readonly skipped: Readonly<Record<string, number>>;
}

/** Where the entity pairs of each relation are counted. */
export const pairCountsFile = "pair-counts.json";

/** Examples of a part's file. */
const fileExamples = 1_000_000;

/**
 * Writes the examples into a folder that nobody else writes into. Memory does not grow with the dump.
 *
 * @param resume whether pairs that an earlier run has counted are taken as they are
 * @throws UserError where more of the dump is wrong than is borne, or nothing is left of it
 */
export async function writeTrexSet(
  out: string,
  plan: TrexSetPlan,
  resume: boolean,
  signal: AbortSignal,
): Promise<TrexSet> {
  const { data, minEntityPairs, mostBad, dropRelations, shares, seed } = plan;
  await removeOthers(out, { files: { train: [], dev: [], test: [] }, counts: null, finished: false });
  const skips = new SkipCounter();
  const pairCounts = join(out, pairCountsFile);
  if (!resume) await rm(pairCounts, { force: true });
  const relations = new Map<string, number>();
  const parts = new Map(partsWithShare(shares).map((part) => [part, new PartWriter(partFolder(out, part))] as const));
  try {
    const options = { minEntityPairs, mostBad, dropRelations, pairCounts, onSkip: skips.onSkip };
    for await (const example of readTrex(data, options)) {
      signal.throwIfAborted();
      relations.set(example.relation, (relations.get(example.relation) ?? 0) + 1);
      await parts.get(partOf(example, shares, seed))?.write(example);
    }
    if (relations.size === 0) throw nothingLeft(data, minEntityPairs);
    // Training data last: with its manifest the folder counts as whole.
    for (const part of [...parts.values()].reverse()) await part.finish();
  } catch (error) {
    for (const part of parts.values()) await part.discard();
    throw error;
  }
  const examples = Object.fromEntries(partNames.map((part) => [part, parts.get(part)?.examples ?? 0]));
  const sorted = [...relations].map(([relation, count]) => ({ relation, examples: count }));
  sorted.sort((a, b) => b.examples - a.examples || (a.relation < b.relation ? -1 : 1));
  return { examples: examples as Record<PartName, number>, relations: sorted, skipped: skips.counts };
}

const nothingLeft = (where: string, least: number) =>
  userError({
    where,
    what: "no example is left",
    expected: `relations with at least ${least} entity pairs`,
  });

/** The files of one part of the split. */
class PartWriter {
  examples = 0;
  readonly #files: PartFile[] = [];
  #file: GzipFile | null = null;
  #inFile = 0;

  constructor(private readonly folder: string) {}

  async write(example: RelationExample): Promise<void> {
    if (this.#inFile === fileExamples) await this.#endFile();
    this.#file ??= await GzipFile.create(join(this.folder, partName(this.#files.length)));
    await this.#file.write(`${JSON.stringify(recordOf(example))}\n`);
    this.#inFile++;
    this.examples++;
  }

  async #endFile(): Promise<void> {
    if (this.#file === null) return;
    const written = await this.#file.finish();
    this.#files.push({ file: partName(this.#files.length), ...written, records: this.#inFile });
    this.#file = null;
    this.#inFile = 0;
  }

  async finish(): Promise<void> {
    await this.#endFile();
    await writeJson(join(this.folder, manifestFile), { format: alignedFormat, finished: true, parts: this.#files });
  }

  async discard(): Promise<void> {
    await this.#file?.discard();
  }
}

/** OpenNRE's form of texts; offsets count code points. */
function recordOf({ text, subject, object, subjectId = "", objectId = "", relation, id = "" }: RelationExample) {
  const offsets = codePointOffsets(text, [subject.start, subject.end, object.start, object.end]);
  const entity = ({ start, end }: Span, name: string, at: number) => {
    return { name: text.slice(start, end), id: name, pos: offsets.slice(at, at + 2) };
  };
  return { text, h: entity(subject, subjectId, 0), t: entity(object, objectId, 2), relation, document: id };
}
