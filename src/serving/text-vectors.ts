/**
 * Vectors of texts: a hidden state of a backbone, or what an adapter makes of it.
 * @module
 */
import { type OpenedAdapter, openAdapters } from "../adapters/opened-adapter.js";
import { maxTokens } from "../backbones/text-length.js";
import type { Executor } from "../engine/executor.js";
import { openedBeside, openedInScope } from "../engine/scopes.js";
import { userError } from "../errors.js";
import { AdapterGraph } from "../features/adapter-graph.js";
import { type BackboneHandle, backboneIdentity } from "../features/backbone-handle.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { floatsOf } from "../tensor.js";
import type { Backbones } from "./backbones.js";
import type { Batcher } from "./batcher.js";
import { type Item, paddingOf, type Reader } from "./job.js";
import type { Prepared } from "./served-model.js";

/** A vector of the whole text, or one for each of its tokens. */
export const poolings = ["mean", "tokens"] as const;
export type Pooling = (typeof poolings)[number];

type VectorReader = Reader<Item, Float32Array>;

/** Gives texts' vectors. */
export class TextVectors {
  private constructor(
    private readonly backbone: BackboneHandle,
    private readonly batcher: Batcher,
    private readonly adapter: { readonly reader: VectorReader; readonly hidesPadding: boolean } | null,
    readonly close: () => Promise<void>,
  ) {}

  /** @param folder of an adapter whose output is wanted; null for hidden states of the backbone */
  static async open(
    executor: Executor,
    backbones: Backbones,
    backbone: BackboneHandle,
    folder: string | null,
  ): Promise<TextVectors> {
    const lease = await backbones.acquire(backbone);
    return openedBeside([{ close: lease.release }], () =>
      openedInScope(executor, async (scope) => {
        const close = async () => {
          await scope.close();
          await lease.release();
        };
        const adapter = folder === null ? null : await openAdapter(scope, backbone, folder);
        return new TextVectors(backbone, lease.batcher, adapter, close);
      }),
    );
  }

  /**
   * @param layer of the backbone's hidden states, the last by default; an adapter has one output
   * @throws UserError where the text is longer than the model reads, or there is no such layer
   */
  prepare(
    text: string,
    { pooling, layer }: { readonly pooling: Pooling; readonly layer?: number | undefined },
  ): Prepared {
    const { tokenizer, config } = this.backbone;
    const inputIds = tokenizer.withSpecials(tokenizer.encode(text).ids);
    const most = maxTokens(this.backbone);
    if (inputIds.length > most || inputIds.length === 0) {
      throw userError({ what: `the text has ${inputIds.length} tokens`, expected: `1 to ${most}` });
    }
    const wanted = layer ?? config.layers;
    if (wanted > config.layers || (this.adapter && layer !== undefined)) {
      const expected = this.adapter ? "none beside an adapter" : `0 to ${config.layers}`;
      throw userError({ where: "layer", what: `there is no layer ${wanted}`, expected });
    }
    const { reader, hidesPadding } = this.adapter ?? { reader: this.stateReader(wanted), hidesPadding: true };
    const item = { texts: [{ inputIds }] };
    const padding = paddingOf(item, { fixedWidth: null, hidesPadding });
    return {
      tokens: inputIds.length,
      answer: async (signal) => {
        const rows = await this.batcher.ask({ reader, item, padding, signal });
        const tokens = Array.from(inputIds, (id) => tokenizer.idToToken(id) ?? "");
        if (pooling === "mean") return { vector: mean(rows, config.hiddenSize), tokens: inputIds.length };
        return {
          vectors: tokens.map((_, i) => [...rows.subarray(i * config.hiddenSize, (i + 1) * config.hiddenSize)]),
          tokens,
        };
      },
    };
  }

  private readonly states = new Map<number, VectorReader>();

  private stateReader(layer: number): VectorReader {
    const known = this.states.get(layer);
    if (known) return known;
    const output = hiddenStateName(layer);
    const reader: VectorReader = {
      ...{ layers: [layer], dtype: "float32", graph: null, inputs: new Set<string>(), output, ...ownTokens },
    };
    this.states.set(layer, reader);
    return reader;
  }
}

async function openAdapter(scope: Executor, backbone: BackboneHandle, folder: string) {
  const opened = await openAdapters([{ name: "adapter", folder }], backboneIdentity(backbone));
  const { config, parameters } = opened[0] as OpenedAdapter;
  const { hiddenSize } = backbone.config;
  const types = { dtype: "float32", outputDtype: "float32" } as const;
  const { graph, inputs } = await AdapterGraph.load(scope, {
    config,
    parameters,
    hiddenSize,
    ...types,
    selects: false,
  });
  const layers = [...new Set(config.layers)];
  const reader: VectorReader = { layers, dtype: "float32", graph, inputs, output: "output", ...ownTokens };
  return { reader, hidesPadding: config.maskPadding };
}

/** The vectors of each text's own tokens, without those of padding. */
const ownTokens: Pick<VectorReader, "feeds" | "results"> = {
  feeds: () => ({}),
  results: (output, items, width) => {
    const all = floatsOf({ output }, "output");
    const size = all.length / (items.length * width);
    return items.map(({ texts: [text] }, i) => {
      const length = text?.inputIds.length ?? 0;
      return all.slice(i * width * size, (i * width + length) * size);
    });
  },
};

/** The mean over rows. */
function mean(rows: Float32Array, size: number): number[] {
  const sums = new Array<number>(size).fill(0);
  rows.forEach((value, i) => {
    sums[i % size] = (sums[i % size] as number) + value;
  });
  return sums.map((sum) => (sum * size) / rows.length);
}
