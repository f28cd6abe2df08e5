import type { MaskedTextsOptions } from "../lm/masked-texts.js";
import type { LamaReport } from "../probing/lama.js";
import type { TrainingConfig } from "../training/config.js";
import type { LmHeadConfig } from "../training/lm-head.js";
import type { FactualTeaching } from "./facts.js";
import type { ExperimentWatch } from "./trainings.js";

/** Parts of LAMA that the experiment asks. */
export const lamaParts = ["trex", "google-re"] as const;
export type LamaPart = (typeof lamaParts)[number];

/**
 * What is asked: a fixed fifth of the subjects, which the adapters `facts` have never read of; the same among the
 * relation's objects; the same after UHN; the other four fifths.
 */
export const lamaProbes = {
  fifth: { subjects: "fifth", answers: "vocabulary", uhn: "off" },
  "fifth-typed": { subjects: "fifth", answers: "objects", uhn: "off" },
  "fifth-uhn": { subjects: "fifth", answers: "vocabulary", uhn: "full" },
  rest: { subjects: "rest", answers: "vocabulary", uhn: "off" },
} as const;
export type LamaProbe = keyof typeof lamaProbes;

/** What stands beside the model: nothing, an untrained adapter, one that has not seen the asked subjects, one that may. */
export const lamaKinds = ["none", "random", "facts", "seen"] as const;
export type LamaKind = (typeof lamaKinds)[number];

export interface LamaPlan {
  /** How adapters are trained; seeds are each run's own, and `out` is the experiment's folder. */
  readonly training: TrainingConfig;
  readonly teaching: FactualTeaching;
  readonly seeds: readonly number[];
  /** Those of the seeds for which an adapter is trained without regard to the asked subjects, too, as the paper did. */
  readonly seen: readonly number[];
  /** Files of relations, and how many of their sentences are taken. */
  readonly facts: {
    readonly train: string;
    readonly dev: string;
    readonly sentences: number;
    readonly devSentences: number;
  };
  /** How heads are trained. */
  readonly heads: Pick<LmHeadConfig, "tied" | "settings" | "weightDecay" | "maxGradNorm">;
  /** What heads are trained on; `limit`: most texts of each file. */
  readonly texts: Pick<MaskedTextsOptions, "maxLength" | "masking" | "draws" | "cache" | "cacheLimit"> & {
    readonly train: readonly string[];
    readonly dev: readonly string[];
    readonly limit: number;
    readonly devLimit: number;
  };
  /** The folder of LAMA's data. */
  readonly lama: string;
  /** Whether the backbone's own head is asked, too. */
  readonly ownHead: boolean;
}

/** How good the heads of one seed are: perplexity and accuracy on masked words, by set of adapters. */
export interface HeadScores {
  readonly perplexity: number;
  readonly accuracy: number;
}

/** What one seed's heads answer to one probe, or the backbone's own head (`seed` null). */
export interface LamaCell {
  readonly seed: number | null;
  readonly probe: LamaProbe;
  readonly reports: Readonly<Partial<Record<LamaPart, LamaReport>>>;
}

export interface LamaResult {
  readonly heads: readonly { readonly seed: number; readonly sets: Readonly<Record<string, HeadScores>> }[];
  readonly trainTexts: number;
  readonly devTexts: number;
  readonly cells: readonly LamaCell[];
}

export interface LamaWatch extends ExperimentWatch {
  readonly onCell?: (cell: LamaCell) => void;
}

/** A set's name for one seed: `none`, or such as `facts-1`. */
export const setOf = (kind: LamaKind, seed: number): string => (kind === "none" ? kind : `${kind}-${seed}`);
