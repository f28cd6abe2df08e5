import type { RankScores } from "../../probing/rank-scores.js";
import type { RecallProbeScores } from "../../probing/recall.js";
import type { recallParts } from "../../settings/choices.js";
import type { OtherTexts, RecallTeaching } from "../../tasks/recall/recall-data.js";
import type { KeptScores } from "../../tasks/recall/recall-scores.js";
import type { JsonObject } from "../../tasks/task.js";
import type { TrainingConfig } from "../../training/config.js";
import type { ExperimentWatch } from "../trainings.js";
import type { RecallPool } from "./pool.js";

/** Tables of the experiment. */
export type RecallPart = (typeof recallParts)[number];

export interface RecallPlan {
  /**
   * How an adapter is taught; its seed is each run's own, and `out` is the experiment's folder.
   *
   * @param size the adapter's hidden size; the usual one where it is left out
   */
  readonly training: (size?: number) => TrainingConfig;
  readonly teaching: Omit<RecallTeaching, "seed">;
  readonly own: OtherTexts;
  readonly pool: RecallPool;
  readonly parts: readonly RecallPart[];
  readonly seeds: readonly number[];
  /** How many facts are taught. */
  readonly counts: readonly number[];
  /** Hidden sizes of adapters. */
  readonly sizes: readonly number[];
  /** Facts that twins and controls are taught, and each of the packs. */
  readonly few: number;
  readonly packSize: number;
  readonly packs: number;
  /** Share of each pack's facts that a joiner is taught, above 0. */
  readonly joinedShare: number;
  /** Sentences that are read, and LAMA's folder; null where nothing is. */
  readonly reading: {
    readonly sentences: string;
    readonly lama: string;
    /** Sentences that are drawn of them. */
    readonly most: number;
  } | null;
  /** Relation classification on which adapters that read sentences are tried; null where none are. */
  readonly relations: { readonly train: string; readonly test: string } | null;
  readonly asked: {
    /** Facts that are asked of each adapter (of LAMA's: of each relation), at most, and facts about subjects that were not taught. */
    readonly facts: number;
    readonly others: number;
    /** Lines of plain text. */
    readonly text: readonly string[];
  };
}

/** What an adapter answers. */
export interface RecallMeasured {
  /** In wordings that were taught, and in those that were held out. */
  readonly taught: RecallProbeScores;
  readonly heldOut: RecallProbeScores;
  /** The model alone, in held-out wordings. */
  readonly before: RecallProbeScores;
  /** Share of answers about subjects that were not taught that are the model's own, in held-out wordings. */
  readonly neighboursKept: number;
  readonly text: KeptScores;
}

/** A row of a table, of one seed. */
export interface RecallCell extends RecallMeasured {
  readonly part: RecallPart;
  readonly row: string;
  readonly seed: number;
  /** Facts that were taught. */
  readonly facts: number;
  /** What it takes to tell each object from the others of its relation: the sum of log₂ of their number. */
  readonly bits: number;
  /** Parameters that learnt. */
  readonly parameters: number;
  /** Of a twin: answers to the other one's facts. Of a pack: answers with all packs plugged in. */
  readonly beside?: RecallProbeScores;
}

/**
 * LAMA's facts after sentences were read: those that the sentences state; others of the subjects that may stand there;
 * and those of a fixed fifth of the subjects, which stand in no sentence.
 */
export const readingGroups = ["read", "unread", "clean"] as const;
export type ReadingGroup = (typeof readingGroups)[number];

/** Answers over LAMA's vocabulary, macro-averaged over relations: of the model alone, and with the adapter. */
export type ReadingScores = { readonly before: RankScores; readonly after: RankScores };

/** What can be asked of what was read, of one seed. */
export interface ReadingCell {
  readonly row: string;
  readonly seed: number;
  /** Facts that were taught, and the sentences that state them. */
  readonly facts: number;
  readonly sentences: number;
  /** Of the training's last evaluation: `taughtP1` in sentences that were read, `p1` in others of the same facts. */
  readonly metrics: JsonObject;
  readonly groups: Readonly<Record<ReadingGroup, ReadingScores>>;
}

/** What packs answer that are joined in some way, in held-out wordings, and what becomes of plain text. */
export interface JoinedScores {
  /** P@1 of the facts that joiners are taught, and of all others. */
  readonly taught: number;
  readonly others: number;
  readonly perplexityBefore: number;
  readonly perplexity: number;
  readonly textKept: number;
}

/** A way of joining packs, of one seed. */
export interface JoinedCell extends JoinedScores {
  readonly row: string;
  readonly seed: number;
  readonly packs: number;
  /** How many facts joiners are taught, and how many they are not. */
  readonly facts: { readonly taught: number; readonly others: number };
}

/** What an adapter is worth to relation classification, the model frozen, and what it answers, of one seed. */
export interface BothCell {
  readonly row: string;
  readonly seed: number;
  /** Name of the score, and the score on the test data. */
  readonly score: string;
  readonly relations: number;
  /** P@1 in sentences that were read, and in others that state the same; left out where no facts were taught. */
  readonly taughtP1?: number;
  readonly heldOutP1?: number;
}

/** All that is measured. */
export interface RecallResult {
  readonly cells: readonly RecallCell[];
  readonly joined: readonly JoinedCell[];
  readonly read: readonly ReadingCell[];
  readonly both: readonly BothCell[];
}

export interface RecallWatch extends ExperimentWatch {
  readonly onCell?: (cell: RecallCell) => void;
  readonly onJoined?: (cell: JoinedCell) => void;
  readonly onBoth?: (cell: BothCell) => void;
  readonly onRead?: (cell: ReadingCell) => void;
}
