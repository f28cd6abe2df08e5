/**
 * Makes the configurations of trainings from settings.
 * @module
 */
import { type JoinKind, randomInit, scaledLayers } from "../adapters/config.js";
import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import type { ConfiguredBackbone } from "../backbones/backbone.js";
import { longestText, usualLengths } from "../backbones/text-length.js";
import { setting, userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { defaultCacheFolder } from "../features/cache-room.js";
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

/** Receives lines that a user should read; they name settings as errors do. */
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

/**
 * Settings with the longest text that they mean beside a model: where none is given, the usual one, as far as the model
 * can read it.
 *
 * @throws UserError where the model cannot read as much as is given
 */
export function readable<S extends { readonly maxLength?: number | undefined }>(
  settings: S,
  backbone: ConfiguredBackbone,
  usual: number = usualLengths.sentence,
): S & { readonly maxLength: number } {
  return { ...settings, maxLength: longestText(settings.maxLength, usual, backbone) };
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

type TrainerOptions = Omit<
  TrainerSettings,
  "maxSteps" | "batchTokens" | "gradientAccumulation" | "leaves" | "decay"
> & {
  readonly [Key in "maxSteps" | "batchTokens" | "gradientAccumulation" | "leaves"]?: number | undefined;
} & { readonly decay?: TrainerSettings["decay"] | undefined };

/** The trainer's settings; those for which a command has no option are off, and a step is one batch. */
export function trainerSettingsOf(options: TrainerOptions): TrainerSettings {
  return {
    epochs: options.epochs,
    maxSteps: options.maxSteps ?? 0,
    batchSize: options.batchSize,
    ...(options.batchTokens === undefined ? {} : { batchTokens: options.batchTokens }),
    gradientAccumulation: options.gradientAccumulation ?? 1,
    ...(options.leaves === undefined || options.leaves === 1 ? {} : { leaves: options.leaves }),
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
  given: PretrainSettings,
  backbone: BackboneHandle,
  resume: boolean,
  note: Note,
): TrainingConfig {
  const settings = readable(given, backbone);
  const { out, features, maxLength, headInit, headLearningRate, weightDecay, maxGradNorm, freezeAdapter } = settings;
  const architecture = chosenAdapterConfig(backbone, settings.preset, {
    ...adapterShape(settings, backbone, note),
    maskPadding: settings.maskPadding && !settings.officialPadding,
    // A frozen adapter shows what one that has learnt nothing is worth, so it must not start as the model's own layers.
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
  given: FinetuneSettings,
  backbone: BackboneHandle,
  adapters: readonly OpenedAdapter[],
  resume: boolean,
): FinetuneConfig {
  const settings = readable(given, backbone, usualLengths.text);
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
  if (above === undefined) return { taps: [...taps] };
  throw userError({
    where: setting("taps"),
    what: `the backbone has no layer ${above}`,
    expected: `numbers from 0 to ${config.layers}`,
  });
}
