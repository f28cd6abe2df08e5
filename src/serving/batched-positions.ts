import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import type { Executor } from "../engine/executor.js";
import { AdapterGraph } from "../features/adapter-graph.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import {
  backboneName,
  type PositionedText,
  type PositionSource,
  type PositionVectors,
} from "../features/position-features.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { selectRows } from "../tasks/select.js";
import { concatenated, floatsOf } from "../tensor.js";
import type { Batcher } from "./batcher.js";
import { type Item, paddingOf, type Reader } from "./job.js";
import type { ModelMeter } from "./model-meter.js";

interface PositionItem extends Item {
  readonly positions: readonly number[];
}

/** A reader with its name, and whether padding is hidden from it. */
interface NamedReader {
  readonly name: string;
  readonly hidesPadding: boolean;
  readonly reader: Reader<PositionItem, Float32Array>;
  readonly meter?: ModelMeter | undefined;
}

/** Vectors at positions out of a backbone that others read, too: one pass for all who ask at a time. */
export class BatchedPositions implements PositionSource {
  private constructor(
    private readonly batcher: Batcher,
    private readonly readers: readonly NamedReader[],
    private readonly graphs: readonly AdapterGraph[],
  ) {}

  static async open(
    executor: Executor,
    batcher: Batcher,
    { config: { layers: last, hiddenSize } }: BackboneHandle,
    adapters: readonly OpenedAdapter[],
    meterOf: (adapter: string) => ModelMeter | undefined = () => undefined,
  ): Promise<BatchedPositions> {
    const readers: NamedReader[] = [{ name: backboneName, hidesPadding: true, reader: stateReader(last, hiddenSize) }];
    const graphs: AdapterGraph[] = [];
    for (const { name, config, parameters } of adapters) {
      const types = { dtype: "float32", outputDtype: "float32" } as const;
      const graph = await AdapterGraph.load(executor, { config, parameters, hiddenSize, ...types, selects: true });
      graphs.push(graph);
      const reader = adapterReader(graph, config.layers, hiddenSize);
      readers.push({ name, hidesPadding: config.maskPadding, reader, meter: meterOf(name) });
    }
    return new BatchedPositions(batcher, readers, graphs);
  }

  async vectors(
    texts: readonly PositionedText[],
    names?: readonly string[],
    signal?: AbortSignal,
  ): Promise<PositionVectors> {
    const items = texts.map((text): PositionItem => ({ texts: [text], positions: text.positions }));
    const wanted = this.readers.filter(({ name }) => name === backboneName || (names?.includes(name) ?? true));
    const found = await Promise.all(
      wanted.map(async ({ name, hidesPadding, reader, meter }) => {
        const asked = items.map((item) => {
          const padding = paddingOf(item, { fixedWidth: null, hidesPadding });
          return this.batcher.ask({ reader, item, padding, signal, meter });
        });
        return [name, concatenated(await Promise.all(asked))] as const;
      }),
    );
    return new Map(found);
  }

  async close(): Promise<void> {
    for (const graph of this.graphs) await graph.close();
  }
}

const stateReader = (layer: number, size: number): NamedReader["reader"] => ({
  ...{ layers: [layer], dtype: "float32", graph: null, inputs: new Set(), output: hiddenStateName(layer) },
  feeds: () => ({}),
  results: (output, items, width) => {
    const states = floatsOf({ output }, "output");
    return items.map(({ positions }, i) =>
      concatenated(positions.map((at) => states.subarray((i * width + at) * size, (i * width + at + 1) * size))),
    );
  },
});

const adapterReader = (
  { graph, inputs }: AdapterGraph,
  layers: readonly number[],
  size: number,
): NamedReader["reader"] => ({
  ...{ layers: [...new Set(layers)], dtype: "float32", graph, inputs, output: "output" },
  feeds: (items, width) => ({
    select: selectRows(
      items.map(({ positions }) => positions),
      mostPositions(items),
      width,
    ),
  }),
  results: (output, items) => {
    const rows = floatsOf({ output }, "output");
    const most = mostPositions(items);
    return items.map(({ positions }, i) => rows.slice(i * most * size, (i * most + positions.length) * size));
  },
});

const mostPositions = (items: readonly PositionItem[]) => Math.max(...items.map(({ positions }) => positions.length));
