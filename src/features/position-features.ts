import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import type { Executor } from "../engine/executor.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { selectRows } from "../tasks/select.js";
import { floatsOf, type HostTensor } from "../tensor.js";
import { AdapterGraph } from "./adapter-graph.js";
import type { BackboneHandle } from "./backbone-handle.js";
import { FrozenBackbone } from "./frozen-backbone.js";
import { padBatch } from "./token-batch.js";

/** A text and the positions in it that are read. */
export interface PositionedText {
  readonly inputIds: readonly number[];
  readonly positions: readonly number[];
}

/** Vectors of all positions, text after text: `[rows, hidden]`. */
export type PositionVectors = ReadonlyMap<string, Float32Array>;

/** The name of the backbone's own vectors among {@link PositionVectors}. */
export const backboneName = "";

/** Where vectors at positions come from. */
export interface PositionSource {
  /**
   * The vectors at the texts' positions: the backbone's under {@link backboneName}, adapters' under their names.
   *
   * @param names adapters that are run; all where it is left out
   * @param signal whoever asks has left where it is aborted: a source at which many ask then computes nothing
   */
  vectors(texts: readonly PositionedText[], names?: readonly string[], signal?: AbortSignal): Promise<PositionVectors>;
  close(): Promise<void>;
}

/** A frozen backbone with frozen adapters, each run once for a batch however many heads read them. */
export class PositionFeatures implements PositionSource {
  private constructor(
    private readonly backbone: FrozenBackbone,
    private readonly adapters: readonly LoadedAdapter[],
  ) {}

  static async open(
    executor: Executor,
    folder: BackboneHandle,
    adapters: readonly OpenedAdapter[],
  ): Promise<PositionFeatures> {
    const taps = adapters.flatMap(({ config }) => config.layers);
    const layers = [...new Set([...taps, folder.config.layers])].sort((a, b) => a - b);
    const loaded: LoadedAdapter[] = [];
    for (const adapter of adapters) loaded.push(await loadAdapter(executor, adapter, folder.config.hiddenSize));
    return new PositionFeatures(await FrozenBackbone.load(executor, folder, layers), loaded);
  }

  async vectors(texts: readonly PositionedText[], names?: readonly string[]): Promise<PositionVectors> {
    const { folder, layers } = this.backbone;
    const { hiddenSize, padTokenId } = folder.config;
    const ids = texts.map(({ inputIds }) => inputIds);
    const width = Math.max(...ids.map(({ length }) => length));
    const states = await this.backbone.run(padBatch(ids, width, padTokenId));
    const last = floatsOf(states, hiddenStateName(folder.config.layers));
    const found = new Map([[backboneName, pickRows(last, texts, hiddenSize, (row, at) => row * width + at)]]);
    const wanted = this.adapters.filter(({ name }) => names?.includes(name) ?? true);
    for (const [i, { name, layers: own, graph }] of wanted.entries()) {
      const rows = Math.max(...texts.map(({ positions }) => positions.length));
      // Running a graph may move its buffers, so those that are needed again are copied.
      const copies = i + 1 < wanted.length;
      const fed = Object.fromEntries(
        [...new Set(own)].map((layer) => {
          const state = states[hiddenStateName(layer)] as HostTensor<"float32">;
          return [hiddenStateName(layer), copies ? { ...state, data: state.data.slice() } : state];
        }),
      );
      const { attentionMask } = padBatch(ids, width, padTokenId);
      const select = selectRows(
        texts.map(({ positions }) => positions),
        rows,
        width,
      );
      const feeds = { ...fed, select, attention_mask: attentionMask };
      const output = (await graph.run(feeds)).data as Float32Array;
      found.set(
        name,
        pickRows(output, texts, hiddenSize, (row, _at, index) => row * rows + index),
      );
    }
    if (!layers.includes(folder.config.layers)) throw new Error("the last hidden state was not computed");
    return found;
  }

  async close(): Promise<void> {
    await this.backbone.close();
    for (const { graph } of this.adapters) await graph.close();
  }
}

interface LoadedAdapter {
  readonly name: string;
  readonly layers: readonly number[];
  readonly graph: AdapterGraph;
}

async function loadAdapter(
  executor: Executor,
  { name, config, parameters }: OpenedAdapter,
  hiddenSize: number,
): Promise<LoadedAdapter> {
  const types = { dtype: "float32", outputDtype: "float32" } as const;
  const graph = await AdapterGraph.load(executor, { config, parameters, hiddenSize, ...types, selects: true });
  return { name, layers: config.layers, graph };
}

/** Rows of a tensor, one for each position. */
function pickRows(
  data: Float32Array,
  texts: readonly PositionedText[],
  size: number,
  place: (text: number, position: number, index: number) => number,
): Float32Array {
  const all = texts.reduce((sum, { positions }) => sum + positions.length, 0);
  const rows = new Float32Array(all * size);
  let at = 0;
  texts.forEach(({ positions }, text) => {
    positions.forEach((position, index) => {
      const from = place(text, position, index) * size;
      rows.set(data.subarray(from, from + size), at);
      at += size;
    });
  });
  return rows;
}

/** Vectors side by side: `[rows, hidden]` of each name → `[rows, names · hidden]`. */
export function joinVectors(vectors: PositionVectors, names: readonly string[], size: number): Float32Array {
  const parts = names.map((name) => {
    const part = vectors.get(name);
    if (!part) throw new Error(`there are no vectors of ${name}`);
    return part;
  });
  const rows = (parts[0]?.length ?? 0) / size;
  const joined = new Float32Array(rows * size * parts.length);
  for (let row = 0; row < rows; row++) {
    parts.forEach((part, i) => {
      joined.set(part.subarray(row * size, (row + 1) * size), (row * parts.length + i) * size);
    });
  }
  return joined;
}
