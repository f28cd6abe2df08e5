/**
 * From settings to what the trainings of the library take.
 * @module
 */
import { type JoinKind, randomInit, scaledLayers } from "../adapters/config.js";
import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import { setting, userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { defaultCacheFolder } from "../features/feature-cache.js";
import type { FeatureOptions } from "../features/features.js";
import type { FactualSettings } from "../settings/factual.js";
import type { FinetuneSettings } from "../settings/finetune.js";
import type { LinguisticSettings } from "../settings/linguistic.js";
import type { Settings } from "../settings/setting.js";
import type { adapterSettings, cacheSettings, trainingSettings } from "../settings/shared.js";
import { chosenAdapterConfig } from "../training/backbone-start.js";
import type { FinetuneConfig, TrainingConfig } from "../training/config.js";
import type { TrainerSettings } from "../training/trainer.js";
import { asStored } from "../training/training-record.js";

/** Told of what a user should know: a line each, settings named in it as in errors. */
export type Note = (text: string) => void;

type ShapeSettings = Omit<
  Settings<typeof adapterSettings>,
  "features" | "preset" | "headInit" | "maskPadding" | "officialPadding" | "freezeAdapter"
> &
  Pick<Settings<typeof trainingSettings>, "dropout">;

/** What settings say of an adapter's configuration, by its names there; layers of a deeper model are scaled, with a note. */
export function adapterShape(settings: ShapeSettings, { config }: Pick<BackboneHandle, "config">, note: Note) {
  const { layers, layersOf = config.layers } = settings;
  const scaled = layers && scaledLayers(layers, layersOf, config.layers);
  if (layers && layersOf !== config.layers) {
    note(
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

/** What all kinds of knowledge have in common. */
export type PretrainSettings = Pick<
  FactualSettings,
  Exclude<keyof FactualSettings & keyof LinguisticSettings, DataKey>
> & {
  readonly dev?: string | readonly string[] | undefined;
  readonly features: JoinKind;
};
type DataKey = "train" | "dev" | "format" | "features";

/** How an adapter is trained. */
export function pretrainConfig(
  settings: PretrainSettings,
  backbone: BackboneHandle,
  resume: boolean,
  note: Note,
): TrainingConfig {
  const { out, features, maxLength, headInit, headLearningRate, weightDecay, maxGradNorm, freezeAdapter } = settings;
  const architecture = chosenAdapterConfig(backbone, settings.preset, {
    ...adapterShape(settings, backbone, note),
    maskPadding: settings.maskPadding && !settings.officialPadding,
    // What is frozen shows what an adapter is worth that has learnt nothing: not what the model's own layers are.
    init: settings.init ?? (freezeAdapter ? randomInit : undefined),
  });
  return {
    ...{ backbone, architecture, out, features, maxLength, headInit, headLearningRate },
    ...{ weightDecay, maxGradNorm, freezeAdapter, resume },
    ...(settings.officialPadding ? { fixedWidth: true } : {}),
    featureOptions: featureOptionsOf(settings),
    settings: trainerSettingsOf(settings),
    recipe: asStored(settings),
  };
}

/** How a downstream model is trained. */
export function finetuneConfig(
  settings: FinetuneSettings,
  backbone: BackboneHandle,
  adapters: readonly OpenedAdapter[],
  resume: boolean,
): FinetuneConfig {
  const { trains, frozenDropout, out, headInit, dropout, maxLength } = settings;
  const { headLearningRate, weightDecay, adamEpsilon, maxGradNorm } = settings;
  return {
    ...{ backbone, adapters, trains, frozenDropout, out, headInit, dropout, maxLength },
    ...{ headLearningRate, weightDecay, adamEpsilon, maxGradNorm, resume },
    fusion: { kind: settings.fusion, adapterDense: false, ...tapsOf(settings, backbone) },
    featureOptions: featureOptionsOf(settings),
    settings: trainerSettingsOf(settings),
    recipe: asStored(settings),
  };
}

/** The hidden states of a baseline, checked against the model. */
function tapsOf({ taps }: FinetuneSettings, { config }: BackboneHandle): Pick<FinetuneConfig["fusion"], "taps"> {
  if (!taps) return {};
  const above = taps.find((layer) => layer > config.layers);
  if (above === undefined) return { taps };
  throw userError({
    where: setting("taps"),
    what: `the backbone has no layer ${above}`,
    expected: `numbers from 0 to ${config.layers}`,
  });
}
