/**
 * What is written: aligned sentences in OpenNRE's form, one record for each pair.
 * @module
 */
import { createHash } from "node:crypto";
import { codePointOffsets } from "../../data/code-points.js";
import { partOf } from "../../data/relation-data.js";
import { documentBounds } from "../../files/bounds.js";
import type { AlignedMention, AlignedSentence, MentionKind } from "../align/document.js";

/** Parts of a split by subject. */
export const partNames = ["train", "dev", "test"] as const;
export type PartName = (typeof partNames)[number];
/** Shares of the subjects in the parts. */
export type PartShares = Readonly<Record<PartName, number>>;

/** What OpenNRE's form calls a pair without a relation. */
export const withoutRelation = "NA";

const { sentence: mostCharacters, pairs: mostPairs } = documentBounds;

/** A record on its way to its part. */
export interface AlignedRecord {
  /** JSON, without the line break. */
  readonly line: string;
  /** Same text, same spans and same relation: same fingerprint of 64 bits. */
  readonly fingerprint: readonly [number, number];
  readonly part: PartName;
  readonly relation: string;
  readonly found: readonly [MentionKind, MentionKind];
  readonly score: number;
}

/** An end of a pair: its name in the sentence, its id, and where it stands in code points, end exclusive. */
interface RecordEntity {
  readonly name: string;
  readonly id: string;
  readonly pos: readonly [number, number];
}

/** A record as it is written, see {@link AlignedRecord.line}. */
export interface WrittenRecord {
  readonly text: string;
  /** The subject. */
  readonly h: RecordEntity;
  /** The object. */
  readonly t: RecordEntity;
  readonly relation: string;
  /** How subject and object were found. */
  readonly found: readonly [MentionKind, MentionKind];
  readonly score: number;
  /** Id of the document. */
  readonly document: string;
}

/**
 * The records of a sentence's pairs, in their order.
 *
 * @param onSkip told of what is left out, and how much
 */
export function recordsOf(
  sentence: AlignedSentence,
  document: string,
  shares: PartShares,
  onSkip: (reason: string, count: number) => void,
): readonly AlignedRecord[] {
  const { text, mentions, pairs } = sentence;
  if (pairs.length === 0) return [];
  if (text.length > mostCharacters) {
    onSkip(`pairs of sentences longer than ${mostCharacters} characters`, pairs.length);
    return [];
  }
  if (pairs.length > mostPairs) onSkip(`pairs beyond ${mostPairs} of a sentence`, pairs.length - mostPairs);
  const offsets = codePointOffsets(
    text,
    mentions.flatMap(({ start, end }) => [start, end]),
  );
  const entity = (mention: AlignedMention, i: number): RecordEntity => ({
    name: text.slice(mention.start, mention.end),
    id: mention.id,
    pos: [offsets[2 * i] ?? 0, offsets[2 * i + 1] ?? 0],
  });
  return pairs.slice(0, mostPairs).map(({ subject: from, object: to, relation, score }) => {
    const [subject, object] = [mentions[from], mentions[to]];
    if (!subject || !object) throw new Error(`a pair of ${document} names mentions that are not there`);
    const record: WrittenRecord = {
      text,
      h: entity(subject, from),
      t: entity(object, to),
      relation: relation ?? withoutRelation,
      found: [subject.found, object.found],
      score: Math.round(score * 1e4) / 1e4,
      document,
    };
    return {
      line: JSON.stringify(record),
      fingerprint: fingerprintOf(record),
      part: shares.dev + shares.test === 0 ? "train" : partOf({ subjectId: subject.id, text, subject }, shares),
      relation: record.relation,
      found: record.found,
      score: record.score,
    };
  });
}

/** What makes two records one. */
export function fingerprintOf({ text, h, t, relation }: Pick<WrittenRecord, "text" | "h" | "t" | "relation">) {
  const digest = createHash("sha256")
    .update(JSON.stringify([text, h.pos, t.pos, relation]))
    .digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)] as const;
}
