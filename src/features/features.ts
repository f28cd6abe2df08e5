import type { TrainEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import { openedBeside } from "../engine/scopes.js";
import { setting, userError } from "../errors.js";
import { hiddenStateName } from "../models/hidden-states.js";
import type { Part } from "../part.js";
import type { Texts } from "../tasks/encoded-examples.js";
import type { Examples } from "../tasks/examples.js";
import type { EncodedText } from "../tasks/task.js";
import { hashLists } from "../weights/hash.js";
import type { BackboneHandle } from "./backbone-handle.js";
import { roomFor } from "./cache-room.js";
import { type CachedStates, fillCache, fillShards } from "./cached-features.js";
import { FeatureCache, type FeatureDType, type FilledShards } from "./feature-cache.js";
import {
  type FeatureSource,
  JoinedFeatures,
  type NeededStates,
  type ReadPositions,
  StreamedFeatures,
} from "./feature-sources.js";
import type { BackbonePrecision, FrozenBackboneOptions } from "./frozen-backbone.js";
import { int8Report } from "./int8-report.js";
import { asTexts } from "./listed-texts.js";

type OnEvent = (event: TrainEvent) => Promise<void> | void;

export interface FeatureOptions {
  /** Folder of caches; null computes everything anew. */
  readonly cache: string | null;
  /**
   * Most bytes of all caches in the folder together. Older ones are removed to make room; if a cache is too large even
   * so, the hidden states are computed anew.
   */
  readonly cacheLimit: number;
  readonly dtype: FeatureDType;
  /** How the backbone computes them; float32 by default. */
  readonly precision?: BackbonePrecision;
  /** Stops the filling of a cache with an AbortError; what is complete of it stays. */
  readonly signal?: AbortSignal;
}

/** int8 weights are kept beside the hidden states. */
export const backboneOptions = ({ dtype, precision, cache }: FeatureOptions): FrozenBackboneOptions => ({
  dtype,
  ...(precision ? { precision } : {}),
  int8Folder: cache,
});

/** What decides the bits of hidden states, besides their layers and dtype. */
export function featureIdentity(
  executor: Executor,
  folder: BackboneHandle,
  texts: Pick<Texts<EncodedText>, "hash">,
  { precision }: FeatureOptions,
): { readonly backbone: string; readonly configuration: string; readonly data: string; readonly int8?: number } {
  return {
    backbone: folder.hash,
    configuration: folder.configHash,
    data: texts.hash,
    ...(precision === "int8" ? { int8: executor.int8WeightBits } : {}),
  };
}

/** A data set's hidden states as a cache holds them, before anything is computed; null where none are kept. */
function plannedStates<E extends EncodedText>(
  executor: Executor,
  folder: BackboneHandle,
  { layers, lastAt = null }: NeededStates<E>,
  examples: Texts<E>,
  options: FeatureOptions,
): CachedStates<E> | null {
  const { dtype } = options;
  // The embedding output is a look-up.
  const kept = layers.filter((layer) => layer > 0);
  if (options.cache === null || kept.length === 0) return null;
  const { hiddenSize } = folder.config;
  const cache = new FeatureCache({
    root: options.cache,
    identity: {
      ...featureIdentity(executor, folder, examples, options),
      ...(lastAt ? { lastAt: hashLists(positionsOf(examples, lastAt)) } : {}),
    },
    lengths: examples.lengths,
    layers: kept,
    lastRows: lastAt?.count ?? null,
    hiddenSize,
    dtype,
  });
  return { cache, examples, names: kept.map(hiddenStateName), hiddenSize, dtype, lastAt };
}

/** What is kept of what is needed. */
const keptOf = <E extends EncodedText>({ layers, lastAt = null }: NeededStates<E>): NeededStates<E> => ({
  layers: layers.filter((layer) => layer > 0),
  lastAt,
});

/**
 * The hidden states of a data set: from a cache, which is filled first, or computed batch by batch where a cache is
 * not wanted or would be too large. Both ways round to the same dtype. The embedding output is a look-up, so it is never
 * kept. The highest layer is kept only where it is read.
 *
 * @param onEvent told what is decided and how far the filling is
 */
export async function openFeatures<E extends EncodedText>(
  executor: Executor,
  folder: BackboneHandle,
  needed: NeededStates<E>,
  given: Examples<E>,
  what: string,
  options: FeatureOptions,
  onEvent: OnEvent,
): Promise<FeatureSource<E>> {
  const examples = asTexts(given);
  const load = (wanted: NeededStates<E>) => StreamedFeatures.load(executor, folder, wanted, backboneOptions(options));
  const stream = async (wanted: NeededStates<E>) => {
    const streamed = await load(wanted);
    if (options.precision === "int8") {
      const exact = await StreamedFeatures.load(executor, folder, wanted, { dtype: "float32" });
      await onEvent({ kind: "note", text: `${what}: ${await int8Report(exact, streamed, examples)}` });
      await exact.close();
    }
    return streamed;
  };
  const states = plannedStates(executor, folder, needed, examples, options);
  if (options.cache === null || states === null) return stream(needed);
  if (!(await roomFor(what, options.cache, states.cache, options.cacheLimit, onEvent))) return stream(needed);
  const filling = { load: () => stream(keptOf(needed)), what, signal: options.signal, onEvent };
  const cached = await fillCache(states, filling);
  if (!needed.layers.includes(0)) return cached;
  return new JoinedFeatures([cached, await openedBeside([cached], () => load({ layers: [0] }))]);
}

/** A cache, and what became of the shards that were to be filled. */
export interface FilledCache extends FilledShards {
  readonly what: string;
  readonly folder: string;
}

/**
 * Fills a data set's cache, or a part of it, for trainings to come: parts may be filled by processes on several machines
 * that share the folder, in any order, twice or at the same time.
 *
 * @throws UserError where nothing would be kept: no cache is wanted, or it is larger than allowed
 */
export async function fillFeatures<E extends EncodedText>(
  executor: Executor,
  folder: BackboneHandle,
  needed: NeededStates<E>,
  given: Examples<E>,
  what: string,
  options: FeatureOptions & { readonly part?: Part },
  onEvent: OnEvent,
): Promise<FilledCache> {
  const states = plannedStates(executor, folder, needed, asTexts(given), options);
  if (options.cache === null || states === null) {
    throw userError({ where: what, what: "this training keeps no hidden states, so there are none to compute for it" });
  }
  const { cache } = states;
  if (!(await roomFor(what, options.cache, cache, options.cacheLimit, onEvent))) {
    const size = `${(cache.bytes / 2 ** 30).toPrecision(3)} GiB`;
    throw userError({ where: what, what: `hidden states of ${size} are more than may be kept`, fix: allowMore });
  }
  const { signal, part } = options;
  const load = () => StreamedFeatures.load(executor, folder, keptOf(needed), backboneOptions(options));
  try {
    const filled = await fillShards(states, { load, what, signal, onEvent, ...(part ? { part } : {}) });
    return { what, folder: cache.folder, ...filled };
  } finally {
    await cache.close();
  }
}

const allowMore = `allow more with ${setting("cacheSize")}, or name a folder with ${setting("cache")}`;

function* positionsOf<E extends EncodedText>(
  examples: Iterable<E>,
  at: ReadPositions<E>,
): Generator<readonly number[]> {
  for (const example of examples) yield at.of(example);
}
