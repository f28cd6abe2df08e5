import { backboneInputs } from "../backbones/index.js";
import type { Executor, LoadedGraph, Tensors } from "../engine/executor.js";
import { inferencePass } from "../engine/inference-pass.js";
import { cast, GraphBuilder, type ParameterSource, toOnnx, type Value } from "../graph/index.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { quantizedFrom, selectInput } from "../nn/index.js";
import { bytesOf, float32Tensor, type HostTensor } from "../tensor.js";
import { openWeights } from "../weights/open.js";
import type { WeightSource } from "../weights/source.js";
import type { StrictLoad } from "../weights/strict-load.js";
import { type BackboneHandle, checkedWeights } from "./backbone-handle.js";
import type { FeatureDType } from "./feature-cache.js";
import { int8Weights } from "./int8-weights.js";
import { type TokenBatch, tokenFeeds } from "./token-batch.js";

/** How the backbone computes: float32, or with int8 weights and activations quantised batch by batch. */
export type BackbonePrecision = "float32" | "int8";

export interface FrozenBackboneOptions {
  /** Element type of the hidden states that are handed out. */
  readonly dtype?: FeatureDType;
  readonly precision?: BackbonePrecision;
  /** Where int8 weights are kept between runs; null quantises them anew. */
  readonly int8Folder?: string | null;
  /** Number of positions for which the highest layer is computed: those that each batch selects. Null computes all. */
  readonly positions?: number | null;
}

/** A frozen backbone as an inference session of its own, with ONNX Runtime's fused kernels. */
export class FrozenBackbone {
  private constructor(
    readonly folder: BackboneHandle,
    /** Hidden states that are computed; 0 is the embedding output. */
    readonly layers: readonly number[],
    /** Element type of the hidden states that are handed out. */
    readonly dtype: FeatureDType,
    private readonly graph: LoadedGraph,
  ) {}

  /** @param layers indices of the hidden states that will be asked for; layers above the highest are left out */
  static async load(
    executor: Executor,
    folder: BackboneHandle,
    layers: readonly number[],
    { dtype = "float32", ...how }: FrozenBackboneOptions = {},
  ): Promise<FrozenBackbone> {
    const outputs: BackboneOutputs = (g, state) =>
      Object.fromEntries(layers.map((layer) => [hiddenStateName(layer), cast(g, state(layer), dtype)]));
    const graph = await loadBackboneGraph(executor, folder, outputs, { ...how, upTo: Math.max(...layers) });
    return new FrozenBackbone(folder, layers, dtype, graph);
  }

  /**
   * Hidden states of a batch, by {@link hiddenStateName}; `[batch, sequence, hidden]` each.
   * The batch's buffers may be moved: do not use them afterwards.
   *
   * @param select picks the positions of the highest layer, which then is `[batch, positions, hidden]`; float32
   * `[batch, positions, sequence]`. Given exactly where the backbone was loaded for a number of positions.
   */
  run(batch: TokenBatch, select?: HostTensor<"float32">): Promise<Tensors> {
    const feeds = { ...tokenFeeds(this.folder, batch), ...(select ? { select } : {}) };
    return this.graph.run(feeds, this.layers.map(hiddenStateName));
  }

  close(): Promise<void> {
    return this.graph.close();
  }
}

/** What a frozen backbone's graph gives, by name: made of its hidden states. */
export type BackboneOutputs = (g: GraphBuilder, state: (layer: number) => Value) => Readonly<Record<string, Value>>;

/**
 * Loads the graph of a frozen backbone, which is fed what {@link tokenFeeds} gives.
 *
 * @param upTo the highest hidden state that the outputs read
 */
export async function loadBackboneGraph(
  executor: Executor,
  folder: BackboneHandle,
  outputs: BackboneOutputs,
  {
    upTo,
    precision = "float32",
    int8Folder = null,
    positions = null,
  }: Omit<FrozenBackboneOptions, "dtype"> & { readonly upTo: number },
): Promise<LoadedGraph> {
  const { definition, config } = folder;
  const source = await openWeights(folder.folder);
  try {
    const { backbone, loader } = checkedWeights(definition, config, source);
    const g = new GraphBuilder();
    const select = positions === null ? null : selectInput(g, positions);
    const pass = { ...inferencePass(g, executor), int8: precision === "int8" };
    const { hiddenStates } = backbone.forward(pass, backboneInputs(g), { upTo, select });
    const graph = g.build(outputs(g, (layer) => hiddenStates[layer] ?? missing(layer)));
    const parameters = [...graph.parameters.keys()];
    const quantized = await int8Weights(
      parameters.filter(({ name }) => quantizedFrom(name) !== null),
      {
        hash: folder.hash,
        configHash: folder.configHash,
        bits: executor.int8WeightBits,
        folder: int8Folder,
        read: (name) => loader.read(name),
      },
    );
    const { sources, files } = await parameterSources(
      parameters.map(({ name }) => name),
      source,
      loader,
      quantized,
    );
    const model = toOnnx(graph, { parameter: ({ name }) => sources.get(name) ?? missing(name) });
    return await executor.load({ model, externalFiles: files });
  } finally {
    await source.close();
  }
}

function missing(what: string | number): never {
  throw new Error(`there is no ${what}`);
}

/**
 * float32 tensors are read in place from their file; others (half precision, PyTorch's `.bin`) are converted one by one
 * and handed over in memory. Protobuf's limit of 2 GB applies to neither.
 */
async function parameterSources(
  names: readonly string[],
  source: WeightSource,
  loader: StrictLoad,
  quantized: ReadonlyMap<string, HostTensor>,
) {
  const sources = new Map<string, ParameterSource>();
  const files: Record<string, string | Uint8Array> = {};
  const inMemory = (name: string, bytes: Uint8Array) => {
    files[name] = bytes;
    sources.set(name, { kind: "external", location: name, offset: 0, length: bytes.byteLength });
  };
  for (const name of names) {
    const small = quantized.get(name);
    if (small) {
      inMemory(name, bytesOf(small));
      continue;
    }
    const key = loader.sourceKey(name);
    const place = source.info(key)?.dtype === "float32" ? source.external?.(key) : undefined;
    if (place) {
      const location = `file:${place.file}`;
      files[location] = place.file;
      sources.set(name, { kind: "external", location, offset: place.offset, length: place.length });
    } else {
      const data = await loader.read(name);
      inMemory(name, bytesOf(float32Tensor([data.length], data)));
    }
  }
  return { sources, files };
}
