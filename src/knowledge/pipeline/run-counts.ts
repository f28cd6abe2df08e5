/**
 * What a run counts and which samples it keeps, so that it can go on where it was.
 * @module
 */
import { z } from "zod";
import { listOf, mapOf } from "../../files/lists.js";
import { hash32 } from "../../random.js";
import { type BlockCounts, count } from "./block.js";
import { type AlignedRecord, type PartName, type PartShares, partNames } from "./record.js";

const whole = z.int().min(0);
const perPart = z.object({ train: whole, dev: whole, test: whole });

/** {@link RunCounts} as a manifest holds them. */
export const savedCounts = z.object({
  documents: whole,
  sentences: whole,
  characters: whole,
  mentions: mapOf(whole),
  skipped: mapOf(whole),
  repeated: whole,
  scores: listOf(whole, { least: 10, most: 10 }),
  foundBy: mapOf(whole),
  relations: listOf(z.tuple([z.string(), perPart])),
  samples: listOf(z.tuple([whole, z.string()])),
});
export type SavedCounts = z.output<typeof savedCounts>;

/** Records of a relation in each part. */
type PartCounts = Record<PartName, number>;

/** Counts of all that was written so far. */
export class RunCounts {
  readonly #relations: Map<string, PartCounts>;
  readonly #samples: [rank: number, line: string][];
  readonly #saved: Omit<SavedCounts, "relations" | "samples">;

  /**
   * @param most how many samples are kept
   * @param seed decides which
   */
  constructor(
    private readonly most: number,
    private readonly seed: number,
    { relations, samples, ...saved }: SavedCounts = nothing(),
  ) {
    this.#relations = new Map(relations);
    this.#samples = [...samples];
    this.#saved = saved;
  }

  get documents(): number {
    return this.#saved.documents;
  }

  get characters(): number {
    return this.#saved.characters;
  }

  addBlock({ documents, sentences, characters, mentions, skipped }: BlockCounts): void {
    this.#saved.documents += documents;
    this.#saved.sentences += sentences;
    this.#saved.characters += characters;
    for (const [kind, by] of Object.entries(mentions)) count(this.#saved.mentions, kind, by);
    for (const [reason, by] of Object.entries(skipped)) count(this.#saved.skipped, reason, by);
  }

  addRepeated(): void {
    this.#saved.repeated++;
  }

  addRecord(record: AlignedRecord): void {
    const { relation, part, score, found } = record;
    const counts = this.#relations.get(relation) ?? { train: 0, dev: 0, test: 0 };
    counts[part]++;
    this.#relations.set(relation, counts);
    const bin = Math.min(9, Math.floor(score * 10));
    this.#saved.scores[bin] = (this.#saved.scores[bin] ?? 0) + 1;
    count(this.#saved.foundBy, found.join(" "));
    this.sample(record);
  }

  /** Keeps the records whose hashes are the smallest: which these are depends on no order. */
  private sample({ line, fingerprint }: AlignedRecord): void {
    const rank = hash32(this.seed, "sample", ...fingerprint);
    if (this.#samples.length >= this.most && rank >= (this.#samples.at(-1)?.[0] ?? 0)) return;
    const at = this.#samples.findIndex(([other]) => other > rank);
    this.#samples.splice(at < 0 ? this.#samples.length : at, 0, [rank, line]);
    if (this.#samples.length > this.most) this.#samples.pop();
  }

  /** All of it, in an order that is always the same. */
  save(): SavedCounts {
    const relations = [...this.#relations].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...this.#saved,
      mentions: sorted(this.#saved.mentions),
      skipped: sorted(this.#saved.skipped),
      foundBy: sorted(this.#saved.foundBy),
      relations,
      samples: this.#samples,
    };
  }
}

const sorted = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));

const nothing = (): SavedCounts => ({
  documents: 0,
  sentences: 0,
  characters: 0,
  mentions: {},
  skipped: {},
  repeated: 0,
  scores: Array<number>(10).fill(0),
  foundBy: {},
  relations: [],
  samples: [],
});

/** Parts that have a share. */
export const partsWithShare = (shares: PartShares): readonly PartName[] => partNames.filter((name) => shares[name] > 0);
