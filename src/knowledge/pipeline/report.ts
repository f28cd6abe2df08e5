/**
 * What an alignment found, for those who want to know whether to trust it.
 * @module
 */
import type { PartShares, WrittenRecord } from "./record.js";
import type { SavedCounts } from "./run-counts.js";

/** `report.json`. */
export interface AlignReport {
  readonly documents: number;
  readonly sentences: number;
  /** UTF-16 units of text. */
  readonly characters: number;
  /** Records that were written, in each part of the split. */
  readonly records: Readonly<Record<keyof PartShares, number>>;
  /** Records that were there already: same text, same spans, same relation. */
  readonly repeated: number;
  /** Mentions that were found, by kind. */
  readonly mentions: Readonly<Record<string, number>>;
  /** Records by how subject and object were found: `name name`. */
  readonly foundBy: Readonly<Record<string, number>>;
  /** Records by score: from 0 up to 0.1, from 0.1 up to 0.2 …, from 0.9 up to 1. */
  readonly scores: readonly number[];
  /** What was left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Relations, the most frequent first. */
  readonly relations: readonly RelationCounts[];
  /** Records to read, chosen by hash; in an order that says nothing. */
  readonly samples: readonly WrittenRecord[];
}

export interface RelationCounts {
  readonly relation: string;
  /** Its name; null where it has none besides its id. */
  readonly label: string | null;
  readonly train: number;
  readonly dev: number;
  readonly test: number;
}

/** The report of what was counted. */
export function reportOf(
  counts: SavedCounts,
  { labels }: { readonly labels: ReadonlyMap<string, string> },
): AlignReport {
  const { relations, samples, ...others } = counts;
  const total = ([, { train, dev, test }]: SavedCounts["relations"][number]) => train + dev + test;
  const frequentFirst = [...relations].sort((a, b) => total(b) - total(a) || (a[0] < b[0] ? -1 : 1));
  const records = { train: 0, dev: 0, test: 0 };
  for (const [, { train, dev, test }] of relations) {
    records.train += train;
    records.dev += dev;
    records.test += test;
  }
  return {
    ...others,
    records,
    relations: frequentFirst.map(([relation, inParts]) => {
      const label = labels.get(relation);
      return { relation, label: label === undefined || label === relation ? null : label, ...inParts };
    }),
    samples: samples.map(([, line]) => JSON.parse(line) as WrittenRecord),
  };
}
