import type { RelationExample } from "../data/relation-example.js";
import { stateFeatures, type transferRows } from "../settings/choices.js";
import type { FactualObjective } from "../tasks/relations/factual.js";
import type { SkipCounts } from "../tasks/task-data.js";
import type { StateFeature } from "./pair-reader.js";
import type { AdapterTrainings, ExperimentWatch } from "./trainings.js";

export type TransferRow = (typeof transferRows)[number];

export interface TransferPlan extends AdapterTrainings {
  readonly rows: readonly TransferRow[];
  readonly contrastBatchSize: number;
  readonly temperature: number;
  /** Numbers of relations to pre-train on. */
  readonly relations: readonly (number | "all")[];
  /** Most sentences of a pre-training; the same for all numbers of relations. */
  readonly sentences: number;
  readonly unseen: number | readonly string[];
  readonly perUnseen: number;
  readonly ways: number;
  readonly shots: readonly number[];
  readonly episodes: number;
  readonly queries: number;
  /** Examples of each class that a probe learns from on the other data set. */
  readonly perClass: readonly (number | "all")[];
  /** Decides which data are taken for what; the same for all rows and seeds. */
  readonly dataSeed: number;
}

export interface TransferData {
  /** What adapters are pre-trained on. */
  readonly train: readonly RelationExample[];
  /** Where the unseen relations come from. */
  readonly fewShot: readonly RelationExample[];
  /** Another data set. */
  readonly far: { readonly train: readonly RelationExample[]; readonly test: readonly RelationExample[] } | null;
}

/** One number of the table. */
export interface TransferCell {
  readonly row: TransferRow;
  /** For rows that were pre-trained. */
  readonly relations: number | "all" | null;
  readonly view: string;
  readonly measure: string;
  readonly seed: number;
  readonly accuracy: number;
}

export interface TransferResult {
  readonly cells: readonly TransferCell[];
  readonly measures: readonly string[];
  readonly unseenRelations: readonly string[];
  readonly unseenExamples: number;
  readonly left: SkipCounts;
  /** Sentences and relations of each pre-training set. */
  readonly sets: readonly { readonly relations: number; readonly train: number; readonly dev: number }[];
}

export interface TransferWatch extends ExperimentWatch {
  readonly onCell?: (cell: TransferCell) => void;
}

/** A row's place in the table. */
export interface Subject {
  readonly row: TransferRow;
  readonly relations: number | "all" | null;
  readonly seed: number;
}

/** Whether a row needs no adapter. */
export const isState = (row: TransferRow): row is StateFeature => stateFeatures.some((name) => name === row);
/** Whether a row is pre-trained. */
export const isTrained = (row: TransferRow): boolean => !isState(row) && !row.startsWith("random");
/** Whether a row's adapter is a trained one whose matrices' elements have changed places. */
export const isPermuted = (row: TransferRow): boolean => row.startsWith("permuted-");
/** Whose pre-training a row takes its adapter from: its own but for permuted ones. */
export const pretrainedAs = (subject: Subject): Subject => ({
  ...subject,
  row: subject.row.replace("permuted-", "") as TransferRow,
});
/** What a pre-trained row learns by. */
export const objectiveOf = (row: TransferRow): FactualObjective => row.replace("shuffled-", "") as FactualObjective;
/** Stands in the names of files and folders. */
export const nameOf = ({ row, relations, seed }: Subject): string =>
  [row, ...(relations === null ? [] : [`${relations}-relations`]), `seed-${seed}`].join(".");
