/**
 * Texts on their way to aligned sentences: read, aligned by threads, written in shards.
 * @module
 */
import { join } from "node:path";
import { checkedPart, type PartFile } from "../../data/aligned-folder.js";
import { readRecords } from "../../data/records.js";
import { SkipCounter } from "../../data/skips.js";
import { GzipFile } from "../../files/gzip-file.js";
import type { DocumentFile } from "../documents/document-file.js";
import { type ReadDocumentsOptions, readDocuments } from "../documents/documents.js";
import type { ReadDocument } from "../documents/read-document.js";
import { type AlignedBlock, inBlocks } from "./block.js";
import { Fingerprints } from "./fingerprints.js";
import { inOrder } from "./in-order.js";
import type { AlignPool } from "./pool.js";
import { fingerprintOf, type PartName, type PartShares, type WrittenRecord } from "./record.js";
import { type AlignReport, reportOf } from "./report.js";
import { partsWithShare, RunCounts, type SavedCounts } from "./run-counts.js";
import {
  partFolder,
  partName,
  type RunProgress,
  removeOthers,
  reportFiles,
  writeJson,
  writeProgress,
} from "./run-folder.js";
import type { RunIdentity } from "./run-identity.js";

/** What is aligned, and how it is written. */
export interface AlignTextsPlan {
  readonly files: readonly DocumentFile[];
  readonly parts: ReadDocumentsOptions["parts"];
  readonly identity: RunIdentity;
  readonly shares: PartShares;
  /** Documents of a shard. */
  readonly shardDocuments: number;
  /** Records that the report shows. */
  readonly samples: number;
  readonly seed: number;
  /** Relations' names, for the report. */
  readonly labels: ReadonlyMap<string, string>;
}

/** Who is told how far it is, and who stops it. */
export interface AlignWatch {
  readonly signal: AbortSignal;
  /** Told of bytes of the texts as they lie on the disk. */
  onBytes(count: number): void;
  /** Told after each block. */
  onBlock(documents: number, characters: number, records: number): void;
}

/**
 * Aligns texts and writes what was found into a folder that nobody else writes into.
 *
 * @param before the run that goes on after its last whole shard, see `readProgress`; null where it begins
 * @throws UserError where a text cannot be read, or a part is not what was written
 */
export async function alignTexts(
  out: string,
  plan: AlignTextsPlan,
  pool: AlignPool,
  before: RunProgress | null,
  watch: AlignWatch,
): Promise<AlignReport> {
  const begun = before ?? nothingYet();
  await removeOthers(out, begun);
  const run = new TextRun(out, plan, begun);
  await run.rememberWritten();
  return run.go(pool, watch);
}

const nothingYet = (): RunProgress => ({ files: { train: [], dev: [], test: [] }, counts: null, finished: false });

/** A run from where it stands to its end. */
class TextRun {
  private readonly counts: RunCounts;
  private readonly seen = new Fingerprints();
  private readonly files: Record<PartName, PartFile[]>;
  private readonly parts: readonly PartName[];

  constructor(
    private readonly out: string,
    private readonly plan: AlignTextsPlan,
    before: RunProgress,
  ) {
    const { train, dev, test } = before.files;
    this.files = { train: [...train], dev: [...dev], test: [...test] };
    this.parts = partsWithShare(plan.shares);
    this.counts = new RunCounts(plan.samples, plan.seed, before.counts ?? undefined);
  }

  /** A record of a shard that is written is not written again. */
  async rememberWritten(): Promise<void> {
    for (const part of this.parts) {
      for (const file of this.files[part]) {
        for await (const { value } of readRecords(checkedPart(partFolder(this.out, part), file))) {
          this.seen.add(fingerprintOf(value as WrittenRecord));
        }
      }
    }
  }

  async go(pool: AlignPool, watch: AlignWatch): Promise<AlignReport> {
    const { shardDocuments } = this.plan;
    const skips = new SkipCounter();
    const documents = this.remaining(skips, watch);
    const blocks = inBlocks(documents, () => skips.take(), shardDocuments);
    let shard = await Shard.begin(this.out, this.parts, this.shards);
    try {
      for await (const block of inOrder(blocks, 2 * pool.threads + 1, (one) => pool.align(one))) {
        watch.signal.throwIfAborted();
        if (shard.documents === shardDocuments) {
          await this.keep(shard);
          shard = await Shard.begin(this.out, this.parts, this.shards);
        }
        await this.add(shard, block);
        watch.onBlock(this.counts.documents, this.counts.characters, this.seen.size);
      }
    } catch (error) {
      await shard.discard();
      throw error;
    }
    return this.finish(shard);
  }

  private get shards(): number {
    return this.files.train.length;
  }

  /** The documents that no shard holds yet. */
  private async *remaining(skips: SkipCounter, watch: AlignWatch): AsyncGenerator<ReadDocument> {
    const { files, parts } = this.plan;
    const options = { parts, onSkip: skips.onSkip, onBytes: watch.onBytes };
    let done = this.counts.documents;
    for await (const document of readDocuments(files, options)) {
      watch.signal.throwIfAborted();
      if (done === 0) {
        yield document;
        continue;
      }
      // What was left out before it is counted already.
      done--;
      skips.take();
    }
  }

  private async add(shard: Shard, { records, counts }: AlignedBlock): Promise<void> {
    this.counts.addBlock(counts);
    shard.documents += counts.documents;
    for (const record of records) {
      if (!this.seen.add(record.fingerprint)) this.counts.addRepeated();
      else {
        this.counts.addRecord(record);
        await shard.write(record.part, record.line);
      }
    }
  }

  private async keep(shard: Shard): Promise<void> {
    for (const [part, file] of await shard.finish()) this.files[part].push(file);
    await this.save(this.counts.save(), false);
  }

  private async save(counts: SavedCounts, finished: boolean): Promise<void> {
    await writeProgress(this.out, this.plan.identity, { files: this.files, counts, finished }, this.plan.shares);
  }

  private async finish(shard: Shard): Promise<AlignReport> {
    if (shard.documents > 0) for (const [part, file] of await shard.finish()) this.files[part].push(file);
    else await shard.discard();
    const counts = this.counts.save();
    const report = reportOf(counts, this.plan);
    await writeJson(join(this.out, reportFiles.json), report);
    await this.save(counts, true);
    return report;
  }
}

/** The files of some documents' records, one for each part of the split. */
class Shard {
  documents = 0;
  private readonly records: Record<PartName, number> = { train: 0, dev: 0, test: 0 };

  private constructor(
    private readonly name: string,
    private readonly files: ReadonlyMap<PartName, GzipFile>,
  ) {}

  static async begin(out: string, parts: readonly PartName[], number: number): Promise<Shard> {
    const name = partName(number);
    const files = new Map<PartName, GzipFile>();
    for (const part of parts) files.set(part, await GzipFile.create(join(partFolder(out, part), name)));
    return new Shard(name, files);
  }

  async write(part: PartName, line: string): Promise<void> {
    this.records[part]++;
    await this.files.get(part)?.write(`${line}\n`);
  }

  async finish(): Promise<readonly (readonly [PartName, PartFile])[]> {
    const finished: [PartName, PartFile][] = [];
    for (const [part, file] of this.files) {
      finished.push([part, { file: this.name, ...(await file.finish()), records: this.records[part] }]);
    }
    return finished;
  }

  async discard(): Promise<void> {
    for (const file of this.files.values()) await file.discard();
  }
}
