/**
 * What a language-model head reads: a frozen backbone's last hidden state and frozen adapters' outputs, at chosen
 * positions alone.
 * @module
 */
import {
  type AdapterManifest,
  holdsAdapter,
  KAdapter,
  readAdapterManifest,
  readAdapterParameters,
  requireSameBackbone,
} from "../adapters/index.js";
import { userError } from "../errors.js";
import { GraphBuilder, type ParameterSource, toOnnx } from "../graph/index.js";
import { ParamScope } from "../nn/index.js";
import { hiddenStateName } from "../tasks/index.js";
import { bytesOf, float32Tensor, floatsOf, type HostTensor } from "../tensor.js";
import type { Executor, LoadedGraph } from "./executor.js";
import { type BackboneFolder, backboneIdentity, FrozenBackbone, padBatch } from "./frozen-backbone.js";
import { inferencePass } from "./inference-pass.js";

/** A finished adapter that is read and not trained. */
export interface FrozenAdapter {
  readonly name: string;
  readonly folder: string;
  readonly manifest: AdapterManifest;
}

/** Opens an adapter's folder to be read beside a backbone. */
export async function openFrozenAdapter(
  name: string,
  folder: string,
  backbone: BackboneFolder,
): Promise<FrozenAdapter> {
  const manifest = await readAdapterManifest(folder);
  if (!holdsAdapter(manifest.features)) {
    throw userError({
      where: folder,
      what: `it is a baseline on ${manifest.features}, there is no adapter in it`,
      expected: "an adapter",
    });
  }
  requireSameBackbone(folder, manifest, backboneIdentity(backbone));
  return { name, folder, manifest };
}

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
   */
  vectors(texts: readonly PositionedText[], names?: readonly string[]): Promise<PositionVectors>;
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
    folder: BackboneFolder,
    adapters: readonly FrozenAdapter[],
  ): Promise<PositionFeatures> {
    const taps = adapters.flatMap(({ manifest }) => manifest.architecture.layers);
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
      // The buffers may be moved, so what is needed again is copied.
      const copies = i + 1 < wanted.length;
      const fed = Object.fromEntries(
        [...new Set(own)].map((layer) => {
          const state = states[hiddenStateName(layer)] as HostTensor<"float32">;
          return [hiddenStateName(layer), copies ? { ...state, data: state.data.slice() } : state];
        }),
      );
      const { attentionMask } = padBatch(ids, width, padTokenId);
      const feeds = { ...fed, select: selectRows(texts, rows, width), attention_mask: attentionMask };
      const output = floatsOf(await graph.run(feeds, ["output"]), "output");
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
  readonly graph: LoadedGraph;
}

/** An adapter as a graph of its own, its parameters in it: several have parameters of the same names. */
async function loadAdapter(executor: Executor, adapter: FrozenAdapter, hiddenSize: number): Promise<LoadedAdapter> {
  const { architecture } = adapter.manifest;
  const module = new KAdapter(ParamScope.root(), architecture, hiddenSize);
  const shapes = new Map(module.parameters.map(({ name, shape }) => [name, shape]));
  const parameters = await readAdapterParameters(adapter.folder, "adapter", shapes);
  const g = new GraphBuilder();
  const state = new Map(
    [...new Set(architecture.layers)].map((layer) => [
      layer,
      g.input(hiddenStateName(layer), "float32", ["batch", "sequence", hiddenSize]),
    ]),
  );
  const tokens = g.input("attention_mask", "int32", ["batch", "sequence"]);
  const select = g.input("select", "float32", ["batch", "positions", "sequence"]);
  const taps = architecture.layers.map((layer) => state.get(layer)!);
  const { output } = module.forward(inferencePass(g, executor), taps, tokens, select);
  const graph = g.build({ output });
  const tensors = new Map([...parameters].map(([name, { shape, data }]) => [name, float32Tensor(shape, data)]));
  const loaded = await loadWithParameters(executor, graph, tensors);
  const fed = new Set(graph.inputs.map(({ name }) => name));
  const run: LoadedGraph["run"] = (feeds, fetch) =>
    loaded.run(Object.fromEntries(Object.entries(feeds).filter(([name]) => fed.has(name))), fetch);
  return { name: adapter.name, layers: architecture.layers, graph: { run, close: () => loaded.close() } };
}

/** Loads a graph with fixed parameters, handed over in memory beside it: nothing is limited by protobuf's 2 GB. */
export async function loadWithParameters(
  executor: Executor,
  graph: Parameters<typeof toOnnx>[0],
  tensors: ReadonlyMap<string, HostTensor>,
): Promise<LoadedGraph> {
  const files: Record<string, Uint8Array> = {};
  const source = ({ name }: { readonly name: string }): ParameterSource => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`there is no parameter ${name}`);
    const bytes = bytesOf(tensor);
    files[name] = bytes;
    return { kind: "external", location: name, offset: 0, length: bytes.byteLength };
  };
  const model = toOnnx(graph, { parameter: source });
  return executor.load({ model, externalFiles: files });
}

function selectRows(texts: readonly PositionedText[], rows: number, width: number): HostTensor<"float32"> {
  const select = new Float32Array(texts.length * rows * width);
  texts.forEach(({ positions }, i) => {
    positions.forEach((position, row) => {
      select[(i * rows + row) * width + position] = 1;
    });
  });
  return float32Tensor([texts.length, rows, width], select);
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
