/**
 * What an adapted model consists of, apart from its backbone and head.
 * @module
 */

import type { AdapterManifest } from "../adapters/adapter-manifest.js";
import type { AdapterPlace, NamedAdapter } from "../adapters/adapter-set.js";
import { holdsAdapter, type JoinKind, type KAdapterConfig } from "../adapters/config.js";
import type { DownstreamManifest, TrainedParts } from "../adapters/downstream-folder.js";
import type { FusionConfig } from "../adapters/fusion.js";
import type { RandomInit } from "../nn/layers.js";
import type { JoinedBy } from "./joiner.js";

/** What stands between a backbone and a head, and what of all that learns. */
export interface AdaptedDesign {
  readonly adapters: readonly AdapterPlace[];
  readonly joined: JoinedBy;
  /** What learns besides joiner and head. A backbone that learns is part of the graph; otherwise its states are fed. */
  readonly trains: TrainedParts;
  /** Whether adapters drop what their configurations say although they are frozen, as the released code's do. */
  readonly frozenDropout: boolean;
  /**
   * Where adapters' outputs come from: computed as they are (`exact`); computed and rounded as if they were fed
   * (`rounded`), so that a model says the same however it is run; or inputs (`fed`), being the same in every epoch where
   * neither backbone nor adapters learn or drop anything.
   */
  readonly outputs: "exact" | "rounded" | "fed";
}

/** Whether the backbone learns, so that it is part of the graph. */
export const trainsBackbone = (trains: TrainedParts): boolean => trains === "backbone" || trains === "all";

/** Whether the adapters learn. */
export const trainsAdapters = (trains: TrainedParts): boolean => trains === "adapters" || trains === "all";

export interface PretrainingDesign {
  readonly features: JoinKind;
  readonly adapter: KAdapterConfig;
  /** Only the head learns: the adapter stays as it starts, and drops nothing. */
  readonly freezeAdapter?: boolean;
}

/** The design for pre-training: one adapter (or a baseline in its place) and the head of what it learns. */
export function pretrainingDesign({ features, adapter, freezeAdapter = false }: PretrainingDesign): AdaptedDesign {
  return {
    adapters: holdsAdapter(features) ? [{ name: null, config: adapter }] : [],
    joined: features === "residual" ? { by: "residual" } : { by: "features", features, taps: adapter.layers },
    trains: freezeAdapter ? "none" : "adapters",
    frozenDropout: false,
    outputs: "exact",
  };
}

export interface DownstreamDesign extends Pick<AdaptedDesign, "trains" | "frozenDropout"> {
  readonly adapters: readonly NamedAdapter[];
  readonly fusion: FusionConfig;
  /** Whether what is fused is added to the last hidden state, for the model's own language-model head. */
  readonly residual?: boolean;
  /** How the fusion's parameters start. */
  readonly headInit: RandomInit;
  /** See {@link AdaptedDesign.outputs}. */
  readonly fedOutputs?: boolean;
}

/** The design for a downstream task (K-Adapter §3.5): finished adapters, their fusion and the task's head. */
export function downstreamDesign(design: DownstreamDesign): AdaptedDesign {
  const { adapters, fusion, residual = false, headInit: init, trains, frozenDropout, fedOutputs = false } = design;
  const stays = trains === "none" && !frozenDropout;
  if (fedOutputs && (!stays || fusion.taps)) throw new Error("only outputs that never change can be fed");
  return {
    adapters: adapters.map(({ name, config }) => ({ name, config })),
    joined: residual ? { by: "residual", fused: { fusion, init } } : { by: "fusion", fusion, init },
    ...{ trains, frozenDropout, outputs: fedOutputs ? "fed" : stays ? "rounded" : "exact" },
  };
}

/** The design that a folder records. How parameters start does not matter, since they are read from the folder. */
export function designOf(manifest: AdapterManifest | DownstreamManifest): AdaptedDesign {
  if (manifest.format === "kadapter/1") {
    return pretrainingDesign({ features: manifest.features, adapter: manifest.architecture });
  }
  const { adapters, fusion, residual = false, trains } = manifest;
  const named = adapters.map(({ name, architecture }) => ({ name, config: architecture }));
  return downstreamDesign({ adapters: named, fusion, residual, headInit: "official", trains, frozenDropout: false });
}
