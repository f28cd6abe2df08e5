import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { BackboneIdentity } from "../adapters/folder.js";
import {
  type Backbone,
  type BackboneConfig,
  type BackboneDefinition,
  backboneDefinition,
  backboneInputs,
} from "../backbones/index.js";
import type { Executor, LoadedGraph, Tensors } from "../engine/executor.js";
import { inferencePass } from "../engine/inference-pass.js";
import { userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { cast, GraphBuilder, type ParameterSource, toOnnx } from "../graph/index.js";
import { hiddenStateName } from "../models/hidden-states.js";
import { quantizedFrom } from "../nn/index.js";
import { bytesOf, float32Tensor, type HostTensor, int32Tensor } from "../tensor.js";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.js";
import { hashWeights } from "../weights/hash.js";
import { resolveModel } from "../weights/hub.js";
import { openWeights } from "../weights/open.js";
import type { WeightSource } from "../weights/source.js";
import { type StrictLoad, strictLoad } from "../weights/strict-load.js";
import type { FeatureDType } from "./feature-cache.js";
import { int8Weights } from "./int8-weights.js";

/** A pre-trained model in a folder: configuration, tokenizer and the hash of its weights. Nothing is computed yet. */
export interface BackboneHandle {
  /** As the user named it. */
  readonly name: string;
  readonly folder: string;
  readonly definition: BackboneDefinition;
  readonly config: BackboneConfig;
  readonly tokenizer: Tokenizer;
  /** SHA-256 over the names, shapes and elements of the weights. */
  readonly hash: string;
}

/**
 * Finds a backbone by folder or Hugging Face id and reads all but its weights' elements.
 *
 * @throws UserError when a file is missing or broken, or the tokenizer does not belong to the model
 */
export async function openBackbone(name: string): Promise<BackboneHandle> {
  const { folder } = await resolveModel(name);
  const path = join(folder, "config.json");
  const json = await readConfig(path);
  const definition = backboneDefinition(json, path);
  const config = definition.parseConfig(json, path);
  const tokenizer = await loadTokenizer(folder);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw userError({
      where: folder,
      what: `the tokenizer knows ${tokenizer.vocabSize} tokens, the model only ${config.vocabSize}`,
      fix: "use the tokenizer files that were published with the model",
    });
  }
  const source = await openWeights(folder);
  try {
    checkedWeights(definition, config, source);
    return { name, folder, definition, config, tokenizer, hash: await hashWeights(source) };
  } finally {
    await source.close();
  }
}

async function readConfig(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw fileError(path, "read the file", error);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw userError({
      where: path,
      what: `not JSON (${error instanceof Error ? error.message : error})`,
      expected: "a model's config.json",
    });
  }
}

function checkedWeights(
  definition: BackboneDefinition,
  config: BackboneConfig,
  source: WeightSource,
): { backbone: Backbone; loader: StrictLoad } {
  const backbone = definition.build(config);
  const expected = new Map(backbone.parameters.map(({ name, shape }) => [name, shape]));
  return {
    backbone,
    loader: strictLoad(expected, source, { canonicalKey: (key) => definition.canonicalKey(key, false) }),
  };
}

/** The most tokens that a model has positions for, special tokens included. */
export function maxTokens({ modelType, maxPositions, padTokenId }: BackboneConfig): number {
  return modelType === "roberta" || modelType === "xlm-roberta" ? maxPositions - padTokenId - 1 : maxPositions;
}

/** What an adapter's folder records of its backbone. */
export function backboneIdentity({ name, hash, tokenizer, config }: BackboneHandle): BackboneIdentity {
  return {
    name,
    modelType: config.modelType,
    hiddenSize: config.hiddenSize,
    layers: config.layers,
    hash,
    tokenizerHash: tokenizer.hash,
  };
}

/** Texts of one batch, padded to the same width. */
export interface TokenBatch {
  readonly inputIds: HostTensor<"int32">;
  readonly attentionMask: HostTensor<"int32">;
}

/** Pads token ids on the right. */
export function padBatch(texts: readonly (readonly number[])[], width: number, padTokenId: number): TokenBatch {
  const ids = new Int32Array(texts.length * width).fill(padTokenId);
  const mask = new Int32Array(texts.length * width);
  texts.forEach((text, row) => {
    ids.set(text, row * width);
    mask.fill(1, row * width, row * width + text.length);
  });
  const shape = [texts.length, width];
  return { inputIds: int32Tensor(shape, ids), attentionMask: int32Tensor(shape, mask) };
}

/** A model without its weights. */
export type BackboneKind = Pick<BackboneHandle, "definition" | "config">;

/** What the graph of a backbone is fed. */
export function tokenFeeds({ definition, config }: BackboneKind, { inputIds, attentionMask }: TokenBatch): Tensors {
  return {
    input_ids: inputIds,
    attention_mask: attentionMask,
    position_ids: definition.positionIds(inputIds, attentionMask, config),
    token_type_ids: int32Tensor(inputIds.shape, new Int32Array(inputIds.data.length)),
  };
}

/** A backbone's weights by parameter, as a training starts from them: all, or those that are wanted. */
export async function readBackboneTensors(
  { folder, definition, config }: BackboneHandle,
  wanted: (name: string) => boolean = () => true,
): Promise<Tensors> {
  const source = await openWeights(folder);
  try {
    const { backbone, loader } = checkedWeights(definition, config, source);
    const tensors: Record<string, HostTensor> = {};
    for (const { name, shape } of backbone.parameters) {
      if (wanted(name)) tensors[name] = float32Tensor(shape, await loader.read(name));
    }
    return tensors;
  } finally {
    await source.close();
  }
}

/** How the backbone computes: float32, or with int8 weights and activations quantised batch by batch. */
export const backbonePrecisions = ["float32", "int8"] as const;
export type BackbonePrecision = (typeof backbonePrecisions)[number];

export interface FrozenBackboneOptions {
  /** Element type of the hidden states that are handed out. */
  readonly dtype?: FeatureDType;
  readonly precision?: BackbonePrecision;
  /** Where int8 weights are kept between runs; null quantises them anew. */
  readonly int8Folder?: string | null;
  /** So many positions of a text are all that is computed of the highest layer: those that each batch selects. */
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
    { dtype = "float32", precision = "float32", int8Folder = null, positions = null }: FrozenBackboneOptions = {},
  ): Promise<FrozenBackbone> {
    const { definition, config } = folder;
    const int8 = precision === "int8";
    const source = await openWeights(folder.folder);
    try {
      const { backbone, loader } = checkedWeights(definition, config, source);
      const g = new GraphBuilder();
      const upTo = Math.max(...layers);
      const select = positions === null ? null : g.input("select", "float32", ["batch", positions, "sequence"]);
      const pass = { ...inferencePass(g, executor), int8 };
      const { hiddenStates } = backbone.forward(pass, backboneInputs(g), { upTo, select });
      const graph = g.build(
        Object.fromEntries(
          layers.map((layer) => [hiddenStateName(layer), cast(g, hiddenStates[layer] ?? missing(layer), dtype)]),
        ),
      );
      const parameters = [...graph.parameters.keys()];
      const quantized = await int8Weights(
        parameters.filter(({ name }) => quantizedFrom(name) !== null),
        {
          hash: folder.hash,
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
      return new FrozenBackbone(folder, layers, dtype, await executor.load({ model, externalFiles: files }));
    } finally {
      await source.close();
    }
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

function missing(what: string | number): never {
  throw new Error(`there is no ${what}`);
}

/**
 * float32 tensors are taken from their file as they lie there; others (half precision, PyTorch's `.bin`) are converted
 * one by one and handed over in memory. Nothing of this is limited by protobuf's 2 GB.
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
