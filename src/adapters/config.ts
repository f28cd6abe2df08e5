/**
 * What an adapter looks like, and the presets of the paper and of the released code.
 * @module
 */
import { z } from "zod";
import { setting, userError } from "../errors.js";
import type { RandomInit } from "../nn/index.js";

const size = z.number().int().positive().max(65_536);

/**
 * What the head reads while an adapter is trained. `adapter`: `[h[L] ; o_K]`, as the paper has it; `output`: o_K alone,
 * so that nothing can be learnt past the adapter. The baselines train the same head without an adapter, to tell what the
 * adapter brings: `last` reads h[L] alone, `taps` the tapped hidden states side by side.
 */
export const featureKinds = ["adapter", "output", "last", "taps"] as const;
export type FeatureKind = (typeof featureKinds)[number];

/**
 * How an adapter and the model's last hidden state meet in its folder. `residual`: h[L] and what the adapter adds to it,
 * W·o_K, for heads of the model's own.
 */
export const joinKinds = [...featureKinds, "residual"] as const;
export type JoinKind = (typeof joinKinds)[number];

/** Whether there is an adapter, or only a baseline without one. */
export const holdsAdapter = (joined: JoinKind): boolean => joined !== "last" && joined !== "taps";

/** How an adapter's weights start. */
const adapterInitSchema = z.union([
  /** Every weight normal with this deviation, every bias 0. */
  z.number().positive().max(1),
  /** The released code's: projections normal 2e-4 with bias 0, all else PyTorch's default for Linear. */
  z.literal("official"),
  /** Copies of the model's own layers, projections the identity (see `src/training/backbone-start.ts`). */
  z.literal("backbone"),
]);
export type AdapterInit = z.infer<typeof adapterInitSchema>;
/** How weights start at random unless it is said otherwise. */
export const randomInit = 0.02;

/** What an adapter starts with that takes nothing from the model: random, whatever a trained one would start with. */
export const untrainedInit = (init: AdapterInit): RandomInit => (init === "backbone" ? randomInit : init);

/** Architecture of a K-Adapter; stored in `adapter_config.json`. */
export const kAdapterConfigSchema = z
  .object({
    /** Indices into the backbone's hidden states that the adapter layers read; 0 is the embedding output. */
    layers: z.array(z.number().int().nonnegative().max(10_000)).min(1).max(1_000),
    /** Hidden size inside the adapter (A). */
    size,
    /** Transformer layers in each adapter layer (N). */
    transformerLayers: z.number().int().positive().max(100),
    heads: z.number().int().positive().max(1_024),
    intermediateSize: size.max(1_048_576),
    /** How an adapter layer takes its two inputs: the tapped state plus, or beside, the previous layer's output. */
    input: z.enum(["sum", "concat"]),
    /** What a position sees inside the adapter: all, or (beside a causal backbone) only itself and what is before it. */
    attention: z.enum(["bidirectional", "causal"]).default("bidirectional"),
    /** Whether attention inside the adapter leaves padding out (the released code attends to it). */
    maskPadding: z.boolean(),
    /** `adapter_skip_layers` of the released code; 0 is off. */
    skip: z.number().int().nonnegative().max(1_000),
    layerNormEps: z.number().positive(),
    dropout: z.number().min(0).lt(1),
    init: adapterInitSchema,
  })
  .strict();
export type KAdapterConfig = Readonly<z.infer<typeof kAdapterConfigSchema>>;

/** What must be known of the backbone that an adapter is made for. */
export interface BackboneSizes {
  readonly hiddenSize: number;
  readonly layers: number;
  /** Whether its positions see only what is before them. */
  readonly causal?: boolean;
}

export type PresetName = "official" | "paper";

/** The taps: bottom, middle and top. For 24 layers the released code's (0, 11, 22) or the paper's (0, 11, 23). */
function presetLayers(preset: PresetName, layers: number): number[] {
  if (layers === 24) return preset === "paper" ? [0, 11, 23] : [0, 11, 22];
  return [...new Set([0, Math.floor(layers / 2), layers])];
}

/** Layers that were chosen in a model of one depth, at the same relative depths of another; one beyond the first is beyond both. */
export function scaledLayers(layers: readonly number[], from: number, to: number): number[] {
  return [...new Set(layers.map((layer) => Math.round((layer * to) / from)))];
}

/** Heads of 64 dimensions, at least one, and a divisor of the size. */
function defaultHeads(adapterSize: number): number {
  let heads = Math.max(1, Math.round(adapterSize / 64));
  while (adapterSize % heads !== 0) heads--;
  return heads;
}

/**
 * Fills what is not given from a preset and from the backbone's sizes, and checks the whole. Padding is masked, beside a
 * causal backbone attention is causal (the adapter would tell a position of what the backbone hides from it), and
 * weights start at random in both presets (training prefers copies of the model's own layers where they fit); the
 * released code's ways are `maskPadding: false`, `init: "official"`.
 */
export function resolveAdapterConfig(
  backbone: BackboneSizes,
  preset: PresetName,
  given: { readonly [K in keyof KAdapterConfig]?: KAdapterConfig[K] | undefined } = {},
): KAdapterConfig {
  const adapterSize = given.size ?? Math.min(768, backbone.hiddenSize);
  const config: KAdapterConfig = {
    layers: given.layers ?? presetLayers(preset, backbone.layers),
    size: adapterSize,
    transformerLayers: given.transformerLayers ?? 2,
    heads: given.heads ?? defaultHeads(adapterSize),
    intermediateSize: given.intermediateSize ?? 4 * adapterSize,
    input: given.input ?? (preset === "paper" ? "concat" : "sum"),
    attention: given.attention ?? (backbone.causal ? "causal" : "bidirectional"),
    maskPadding: given.maskPadding ?? true,
    skip: given.skip ?? 0,
    layerNormEps: given.layerNormEps ?? 1e-5,
    dropout: given.dropout ?? 0.1,
    init: given.init ?? randomInit,
  };
  checkAdapterConfig(config, backbone);
  return config;
}

/** @throws UserError naming the setting that does not fit the backbone or the other settings */
export function checkAdapterConfig(config: KAdapterConfig, backbone: BackboneSizes): void {
  const wrong = config.layers.find((layer) => layer > backbone.layers);
  if (wrong !== undefined) {
    throw userError({
      where: setting("layers"),
      what: `the backbone has no hidden state ${wrong}`,
      expected: `numbers from 0 (embeddings) to ${backbone.layers} (last layer)`,
      fix: `or say with ${setting("layersOf")} how deep the model is that they were chosen for, and they are scaled`,
    });
  }
  if (config.size % config.heads !== 0) {
    throw userError({
      where: setting("adapterHeads"),
      what: `${config.heads} heads do not divide the adapter size ${config.size}`,
      expected: "a divisor of the size",
    });
  }
  if (config.skip === 1) {
    throw userError({
      where: "skip",
      what: "1 is not defined: the first adapter layer would be added to itself (the released code raises IndexError)",
      expected: "0 (off) or a number from 2",
    });
  }
}
