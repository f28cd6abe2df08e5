/**
 * From settings to what the trainings of the library take.
 * @module
 */
import { scaledLayers } from "../adapters/config.js";
import { defaultCacheFolder } from "../features/feature-cache.js";
import type { FeatureOptions } from "../features/features.js";
import type { BackboneHandle } from "../features/frozen-backbone.js";
import type { Settings } from "../settings/setting.js";
import type { adapterSettings, cacheSettings, trainingSettings } from "../settings/shared.js";
import type { TrainerSettings } from "../training/trainer.js";
import type { Output } from "./output.js";

type ShapeSettings = Omit<
  Settings<typeof adapterSettings>,
  "features" | "preset" | "headInit" | "maskPadding" | "officialPadding" | "freezeAdapter"
> &
  Pick<Settings<typeof trainingSettings>, "dropout">;

/** What settings say of an adapter's configuration, by its names there; layers of a deeper model are scaled, with a note. */
export function adapterShape(settings: ShapeSettings, { config }: Pick<BackboneHandle, "config">, output: Output) {
  const { layers, layersOf = config.layers } = settings;
  const scaled = layers && scaledLayers(layers, layersOf, config.layers);
  if (layers && layersOf !== config.layers) {
    output.note(
      `the adapter reads layers ${scaled} of this model's ${config.layers}, as ${layers} of ${layersOf} are scaled to it`,
    );
  }
  return {
    layers: scaled,
    size: settings.adapterSize,
    transformerLayers: settings.transformerLayers,
    heads: settings.adapterHeads,
    intermediateSize: settings.adapterFfn,
    skip: settings.skip,
    dropout: settings.dropout,
    init: settings.init,
  };
}

/** How hidden states are kept. */
export function featureOptionsOf({
  cache,
  cacheSize,
  cacheDtype,
  backbonePrecision,
}: Settings<typeof cacheSettings>): FeatureOptions {
  return {
    cache: cache === "off" ? null : (cache ?? defaultCacheFolder()),
    cacheLimit: cacheSize * 2 ** 30,
    dtype: cacheDtype,
    precision: backbonePrecision,
  };
}

type TrainerOptions = Omit<TrainerSettings, "maxSteps" | "batchTokens" | "gradientAccumulation" | "decay"> & {
  readonly [Key in "maxSteps" | "batchTokens" | "gradientAccumulation"]?: number | undefined;
} & { readonly decay?: TrainerSettings["decay"] | undefined };

/** How the trainer is set; what a command has no option for is off, and a step is one batch. */
export function trainerSettingsOf(options: TrainerOptions): TrainerSettings {
  return {
    epochs: options.epochs,
    maxSteps: options.maxSteps ?? 0,
    batchSize: options.batchSize,
    ...(options.batchTokens === undefined ? {} : { batchTokens: options.batchTokens }),
    gradientAccumulation: options.gradientAccumulation ?? 1,
    learningRate: options.learningRate,
    warmup: options.warmup,
    ...(options.decay === undefined ? {} : { decay: options.decay }),
    seed: options.seed,
    evalEvery: options.evalEvery,
    saveEvery: options.saveEvery,
    patience: options.patience,
  };
}
