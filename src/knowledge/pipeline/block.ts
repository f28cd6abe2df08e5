/**
 * Documents in blocks, as they go to the threads and come back.
 * @module
 */
import type { AlignedDocument, MentionKind, SourceDocument } from "../align/document.js";
import type { ReadDocument } from "../documents/read-document.js";
import { plainText, type WikitextParser } from "../documents/wikitext.js";
import { type AlignedRecord, type PartShares, recordsOf } from "./record.js";

/** Some documents in a row. */
export interface DocumentBlock {
  readonly documents: readonly ReadDocument[];
  /** What the reader left out before and among them, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** What came of a block. */
export interface AlignedBlock {
  readonly records: readonly AlignedRecord[];
  readonly counts: BlockCounts;
}

export interface BlockCounts {
  readonly documents: number;
  readonly sentences: number;
  /** UTF-16 units of text. */
  readonly characters: number;
  /** Mentions that were found, by kind. */
  readonly mentions: Readonly<Partial<Record<MentionKind, number>>>;
  /** What was left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

/** What finds entities and pairs. */
export interface DocumentAligner {
  align(document: SourceDocument): AlignedDocument;
}

/** What a thread works with. */
export interface BlockWork {
  readonly aligner: DocumentAligner;
  readonly shares: PartShares;
  /** For documents in wikitext; loaded when the first of them comes. */
  wikitext(): Promise<WikitextParser>;
}

/** Adds to a count. */
export function count<K extends string>(counts: Partial<Record<K, number>>, key: K, by = 1): void {
  counts[key] = (counts[key] ?? 0) + by;
}

/** Aligns the documents of a block. */
export async function alignBlock(
  { documents, skipped: before }: DocumentBlock,
  work: BlockWork,
): Promise<AlignedBlock> {
  const records: AlignedRecord[] = [];
  const mentions: Partial<Record<MentionKind, number>> = {};
  const skipped: Record<string, number> = { ...before };
  let [characters, sentences] = [0, 0];
  const onSkip = (reason: string, by: number) => count(skipped, reason, by);
  for (const document of documents) {
    const plain = document.markup === undefined ? document : plainText(document, await work.wikitext());
    characters += plain.text.length;
    const aligned = work.aligner.align(plain);
    sentences += aligned.sentences.length;
    for (const [reason, by] of Object.entries(aligned.skipped)) onSkip(reason, by);
    for (const sentence of aligned.sentences) {
      for (const { found } of sentence.mentions) count(mentions, found);
      records.push(...recordsOf(sentence, document.id, work.shares, onSkip));
    }
  }
  return { records, counts: { documents: documents.length, sentences, characters, mentions, skipped } };
}

const mostDocuments = 64;
const mostCharacters = 1 << 18;

/**
 * Documents in blocks of bounded size, none of which reaches over the end of a shard. The last block may have none: it
 * brings what the reader left out at the end.
 *
 * @param takeSkipped gives what the reader left out since it was called last
 * @param shard documents of a shard
 */
export async function* inBlocks(
  documents: AsyncIterable<ReadDocument>,
  takeSkipped: () => Readonly<Record<string, number>>,
  shard: number,
): AsyncGenerator<DocumentBlock> {
  let block: ReadDocument[] = [];
  let characters = 0;
  let inShard = 0;
  for await (const document of documents) {
    block.push(document);
    characters += document.text.length;
    inShard = (inShard + 1) % shard;
    if (inShard !== 0 && block.length < mostDocuments && characters < mostCharacters) continue;
    yield { documents: block, skipped: takeSkipped() };
    [block, characters] = [[], 0];
  }
  yield { documents: block, skipped: takeSkipped() };
}
