/**
 * How trainings are set: what all have in common, and what each kind adds. Every field counts when a run is resumed,
 * see `identity.ts`.
 * @module
 */
import type { JoinKind, KAdapterConfig } from "../adapters/config.js";
import type { TrainedParts } from "../adapters/downstream-folder.js";
import type { Parameters } from "../adapters/folder.js";
import type { FusionConfig } from "../adapters/fusion.js";
import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import { longestText, usualLengths } from "../backbones/text-length.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import type { FeatureOptions } from "../features/features.js";
import type { HeadInit } from "../models/task-head.js";
import type { Ranks } from "../ranks/index.js";
import type { JsonObject } from "../tasks/task.js";
import { type AdamWConfig, adamWDefaults } from "./adamw.js";
import { chosenAdapterConfig } from "./backbone-start.js";
import type { TrainerSettings } from "./trainer.js";

/** Settings of every training. */
export interface RunConfig {
  /** Folder of the result, and of the checkpoints on the way. */
  readonly out: string;
  readonly settings: TrainerSettings;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  /** Whether it goes on from the last checkpoint, where there is one. */
  readonly resume: boolean;
  /** The processes that train together; this one is alone if it is left out. */
  readonly ranks?: Ranks;
}

/** Settings of a training on tasks. */
export interface TaskRunConfig extends RunConfig {
  readonly backbone: BackboneHandle;
  /** Longest text in tokens. */
  readonly maxLength: number;
  readonly headInit: HeadInit;
  /** Learning rate of heads and fusions. */
  readonly headLearningRate: number;
}

/** Settings of an adapter's training, whatever it learns. */
export interface TrainingConfig extends TaskRunConfig {
  readonly features: JoinKind;
  readonly architecture: KAdapterConfig;
  readonly featureOptions: FeatureOptions;
  /** Only the head learns: what a random adapter is worth. */
  readonly freezeAdapter: boolean;
  /** Every sentence padded to `maxLength`, as in the released code; by default to the longest of its batch. */
  readonly fixedWidth?: boolean;
  /** An adapter that is trained further; by default it starts anew. */
  readonly start?: { readonly parameters: Parameters; readonly hash: string };
  /** Stored in the adapter's folder. */
  readonly recipe: JsonObject;
}

/** Settings of a downstream model's training, whatever the task. */
export interface FinetuneConfig extends TaskRunConfig {
  readonly adapters: readonly OpenedAdapter[];
  readonly fusion: FusionConfig;
  readonly trains: TrainedParts;
  readonly frozenDropout: boolean;
  readonly dropout: number;
  readonly featureOptions: FeatureOptions;
  readonly adamEpsilon: number;
  /** A backbone that was trained before, instead of the folder's, for {@link trains} `backbone` and `all`. */
  readonly start?: { readonly backbone: Parameters; readonly hash: string };
  /** Stored in the model's folder. */
  readonly recipe: JsonObject;
}

/** The optimiser's settings in a run. */
export const optimizerOf = ({
  weightDecay,
  maxGradNorm,
}: Pick<RunConfig, "weightDecay" | "maxGradNorm">): AdamWConfig => ({
  ...adamWDefaults,
  weightDecay,
  maxGradNorm,
});

/** How an adapter is trained unless `given` says otherwise: the defaults of the command line, without a cache. */
export function trainingConfig(
  backbone: BackboneHandle,
  out: string,
  given: Partial<Omit<TrainingConfig, "backbone" | "out" | "settings">> & {
    readonly settings?: Partial<TrainingConfig["settings"]>;
  } = {},
): TrainingConfig {
  return {
    features: "adapter",
    architecture: chosenAdapterConfig(backbone, "official"),
    headInit: 0.05,
    featureOptions: { cache: null, cacheLimit: 20 * 2 ** 30, dtype: "float16" },
    maxLength: longestText(undefined, usualLengths.sentence, backbone),
    headLearningRate: 1e-3,
    weightDecay: 0,
    maxGradNorm: 1,
    freezeAdapter: false,
    resume: false,
    recipe: {},
    ...given,
    settings: {
      epochs: 5,
      maxSteps: 0,
      batchSize: 32,
      gradientAccumulation: 1,
      learningRate: 3e-4,
      warmup: "10%",
      seed: 42,
      evalEvery: 0,
      saveEvery: 500,
      patience: 0,
      ...given.settings,
    },
    backbone,
    out,
  };
}
