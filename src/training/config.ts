import type { BackboneHandle } from "../features/frozen-backbone.js";
import { chosenAdapterConfig } from "./backbone-start.js";
import type { TrainingConfig } from "./pretrain.js";

/** How an adapter is trained unless it is said otherwise: the defaults of the command line, without a cache. */
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
    maxLength: 128,
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
