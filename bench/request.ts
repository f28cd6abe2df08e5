/**
 * What the measuring process of a training is told, and what it tells.
 * @module
 */
import { join } from "node:path";
import type { FeatureDType } from "../src/features/feature-cache.js";
import type { BackbonePrecision } from "../src/features/frozen-backbone.js";
import type { TrainingSettings, TrainingTimes } from "./training.js";

export interface PretrainRequest extends TrainingSettings {
  /** A model's folder. */
  readonly backbone: string;
  /** A file of relations; null takes the project's own sentences, drawn out to the lengths of T-REx. */
  readonly data: string | null;
  readonly sentences: number;
  readonly threads: number;
  readonly precision: BackbonePrecision;
  readonly dtype: FeatureDType;
  /** Scratch folder: cache and run are made and removed, and what the peer is given is left; see {@link peerFiles}. */
  readonly scratch: string;
}

/** What the peer is given: the first weights, and sentences with the batches of every epoch. */
export const peerFiles = (scratch: string) => ({
  start: join(scratch, "start.safetensors"),
  taskData: join(scratch, "taskData.json"),
});

export type PeerFiles = ReturnType<typeof peerFiles>;

export interface PretrainMeasured extends TrainingTimes {
  readonly sentences: number;
  readonly meanTokens: number;
  readonly labels: number;
  readonly stepsPerEpoch: number;
  /** GFLOP of the backbone (its products with weights, and its attention) and of one adapter epoch, without padding. */
  readonly needed: { readonly linear: number; readonly attention: number; readonly epoch: number };
  /** GFLOP/s of float32 products, and of those with the backbone's weights in its precision. */
  readonly peak: { readonly float32: number; readonly backbone: number };
  /** GiB. */
  readonly memory: number;
}
