import type { KAdapterConfig } from "../adapters/config.js";
import type { Parameters } from "../adapters/folder.js";
import type { TrainEvent } from "../engine/events.js";
import type { Executor, Tensors } from "../engine/executor.js";
import { loadWithParameters } from "../engine/fixed-parameters.js";
import { AdapterGraph } from "../features/adapter-graph.js";
import type { FeatureSource } from "../features/feature-sources.js";
import { type FeatureOptions, openFeatures } from "../features/features.js";
import { type BackboneHandle, padBatch } from "../features/frozen-backbone.js";
import { GraphBuilder, matmul } from "../graph/index.js";
import { hiddenStateName, stateInputs } from "../models/knowledge-model.js";
import type { stateFeatures } from "../settings/choices.js";
import { type EncodedRelation, relationFeeds } from "../tasks/relations/relation-classification.js";
import { concatenated, floatsOf } from "../tensor.js";

/** One vector for each sentence, in the sentences' order. */
export type PairVectors = readonly Float32Array[];

/** What needs no adapter: h[L], the tapped states side by side, and their sum. */
export type StateFeature = (typeof stateFeatures)[number];

export interface PairReaderOptions {
  readonly executor: Executor;
  readonly backbone: BackboneHandle;
  /** Which hidden states are tapped. */
  readonly layers: readonly number[];
  readonly featureOptions: FeatureOptions;
  readonly onEvent: (event: TrainEvent) => Promise<void> | void;
}

const batchSize = 64;

/** Sentences with their hidden states, from which any features of their pairs are read. */
export class PairReader {
  private states: ReadonlyMap<StateFeature, PairVectors> | null = null;

  private constructor(
    private readonly options: PairReaderOptions,
    readonly examples: readonly EncodedRelation[],
    private readonly features: FeatureSource<EncodedRelation>,
  ) {}

  /** @param what names the sentences in events */
  static async open(
    options: PairReaderOptions,
    examples: readonly EncodedRelation[],
    what: string,
  ): Promise<PairReader> {
    const { executor, backbone, layers, featureOptions, onEvent } = options;
    const needed = [...new Set([...layers, backbone.config.layers])].sort((a, b) => a - b);
    const features = await openFeatures(
      executor,
      backbone,
      { layers: needed },
      examples,
      what,
      featureOptions,
      onEvent,
    );
    return new PairReader(options, examples, features);
  }

  /** Vectors without an adapter: `[2H]`, taps side by side `[2H · taps]`. */
  async state(feature: StateFeature): Promise<PairVectors> {
    this.states ??= await this.readStates();
    return this.states.get(feature) as PairVectors;
  }

  /** Pair vectors of an adapter's output, `[2H]`. */
  async output(config: KAdapterConfig, parameters: Parameters): Promise<PairVectors> {
    const { executor, backbone } = this.options;
    const { hiddenSize } = backbone.config;
    const types = { dtype: this.features.dtype, outputDtype: "float32" } as const;
    const graph = await AdapterGraph.load(executor, { config, parameters, hiddenSize, ...types, selects: true });
    try {
      const rows = await this.read(async (feeds) => ({ output: await graph.run(feeds) }));
      return rows.map(({ output: row }) => row as Float32Array);
    } finally {
      await graph.close();
    }
  }

  private async readStates(): Promise<ReadonlyMap<StateFeature, PairVectors>> {
    const { executor, backbone, layers } = this.options;
    const needed = [...new Set([...layers, backbone.config.layers])];
    const g = new GraphBuilder();
    const state = stateInputs(g, needed, backbone.config.hiddenSize, this.features.dtype);
    const select = g.input("select", "float32", ["batch", 2, "sequence"]);
    const outputs = Object.fromEntries(needed.map((layer) => [`pair.${layer}`, matmul(g, select, state(layer))]));
    const graph = await loadWithParameters(executor, g.build(outputs), new Map());
    try {
      const inputs = new Set([...needed.map(hiddenStateName), "select"]);
      const wanted = (feeds: Tensors) => Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.has(name)));
      const rows = await this.read((feeds) => graph.run(wanted(feeds), Object.keys(outputs)));
      const taps = rows.map((row) => layers.map((layer) => row[`pair.${layer}`] as Float32Array));
      return new Map<StateFeature, PairVectors>([
        ["last", rows.map((row) => row[`pair.${backbone.config.layers}`] as Float32Array)],
        ["taps", taps.map(concatenated)],
        ["taps-sum", taps.map(summed)],
      ]);
    } finally {
      await graph.close();
    }
  }

  /** Runs a graph over all sentences; the rows of its outputs, sentence by sentence. */
  private async read(run: (feeds: Tensors) => Promise<Tensors>): Promise<Readonly<Record<string, Float32Array>>[]> {
    const { padTokenId } = this.options.backbone.config;
    const rows = new Array<Record<string, Float32Array>>(this.examples.length);
    const order = [...this.examples.keys()].sort((a, b) => this.lengthOf(a) - this.lengthOf(b));
    for (let start = 0; start < order.length; start += batchSize) {
      const indices = order.slice(start, start + batchSize);
      const batch = indices.map((i) => this.examples[i] as EncodedRelation);
      const width = Math.max(...indices.map((i) => this.lengthOf(i)));
      const ids = batch.map(({ inputIds }) => inputIds);
      const { attentionMask } = padBatch(ids, width, padTokenId);
      const feeds = {
        ...(await this.features.batch(batch, width)),
        attention_mask: attentionMask,
        ...relationFeeds(batch, width),
      };
      const results = await run(feeds);
      for (const name of Object.keys(results)) {
        const data = floatsOf(results, name);
        const size = data.length / batch.length;
        indices.forEach((i, row) => {
          rows[i] = { ...rows[i], [name]: data.slice(row * size, (row + 1) * size) };
        });
      }
    }
    return rows;
  }

  private lengthOf(index: number): number {
    return (this.examples[index] as EncodedRelation).inputIds.length;
  }

  close(): Promise<void> {
    return this.features.close();
  }
}

function summed(parts: readonly Float32Array[]): Float32Array {
  return (parts[0] as Float32Array).map((_, i) => parts.reduce((sum, part) => sum + (part[i] as number), 0));
}
