import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import type { TrainEvent } from "../engine/events.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { openedBeside } from "../engine/scopes.js";
import { adapterOutputName } from "../models/hidden-states.js";
import type { Examples } from "../tasks/examples.js";
import type { EncodedText } from "../tasks/task.js";
import { AdapterGraph } from "./adapter-graph.js";
import type { BackboneHandle } from "./backbone-handle.js";
import { roomFor } from "./cache-room.js";
import { fillCache } from "./cached-features.js";
import { FeatureCache } from "./feature-cache.js";
import { type FeatureSource, idsOf, JoinedFeatures } from "./feature-sources.js";
import { type FeatureOptions, featureIdentity, openFeatures } from "./features.js";
import { asTexts } from "./listed-texts.js";
import { padBatch } from "./token-batch.js";

/** Computes an adapter's output for every batch anew, from the hidden states that it taps. */
class StreamedOutput<E extends EncodedText> implements FeatureSource<E> {
  constructor(
    private readonly name: string,
    private readonly taps: FeatureSource<E>,
    private readonly graph: AdapterGraph,
    private readonly padTokenId: number,
  ) {}

  get dtype() {
    return this.taps.dtype;
  }

  async batch(examples: readonly E[], width: number): Promise<Tensors> {
    const { attentionMask } = padBatch(idsOf(examples), width, this.padTokenId);
    const states = await this.taps.batch(examples, width);
    return { [adapterOutputName(this.name)]: await this.graph.run({ ...states, attention_mask: attentionMask }) };
  }

  async close(): Promise<void> {
    await this.taps.close();
    await this.graph.close();
  }
}

/** The hidden states that an adapter's outputs are computed from. */
export const tapsOf = ({ config }: Pick<OpenedAdapter, "config">) => ({
  layers: [...new Set(config.layers)].sort((a, b) => a - b),
});

/**
 * The outputs of adapters over a data set by {@link adapterOutputName}, each from a cache that is filled first, or
 * computed batch by batch where that would be too large. Adapters must not see padding.
 *
 * @param onEvent told what is decided and how far the filling is
 */
export async function openAdapterOutputs<E extends EncodedText>(
  executor: Executor,
  folder: BackboneHandle,
  adapters: readonly OpenedAdapter[],
  given: Examples<E>,
  what: string,
  options: FeatureOptions & { readonly cache: string },
  onEvent: (event: TrainEvent) => Promise<void> | void,
): Promise<FeatureSource<E>> {
  const { dtype, cache: root } = options;
  const { hiddenSize, padTokenId, layers: last } = folder.config;
  const examples = asTexts(given);
  const identity = featureIdentity(executor, folder, examples, options);
  const sources: FeatureSource<E>[] = [];
  for (const { name, config, parameters, hash } of adapters) {
    const own = `${what}, ${name}`;
    const load = async () => {
      const taps = await openFeatures(executor, folder, tapsOf({ config }), examples, what, options, onEvent);
      const types = { dtype, outputDtype: dtype };
      const made = { config, parameters, hiddenSize, ...types, selects: false };
      const graph = await openedBeside([taps], () => AdapterGraph.load(executor, made));
      return new StreamedOutput<E>(name, taps, graph, padTokenId);
    };
    const cache = new FeatureCache({
      root,
      identity: { ...identity, adapter: hash, architecture: config },
      lengths: examples.lengths,
      // The cache keeps it like the last hidden state, which it refines.
      layers: [last],
      hiddenSize,
      dtype,
    });
    const open = async () => {
      if (!(await roomFor(own, root, cache, options.cacheLimit, onEvent))) return load();
      const states = { cache, examples, names: [adapterOutputName(name)], hiddenSize, dtype };
      return fillCache(states, { load, what: own, signal: options.signal, onEvent });
    };
    sources.push(await openedBeside(sources, open));
  }
  return new JoinedFeatures(sources);
}
