import type { KAdapterConfig } from "../src/adapters/config.js";
import type { BackboneConfig } from "../src/backbones/index.js";
import type { Dim, Graph, Shape, Value } from "../src/graph/index.js";

/** Lengths of a graph's named dimensions. */
export type Dims = Readonly<Record<string, number>>;

function sizeOf(dim: Dim, dims: Dims): number {
  if (typeof dim === "number") return dim;
  return dim.split("*").reduce((product, factor) => {
    const size = /^\d+$/.test(factor) ? Number(factor) : dims[factor];
    if (size === undefined) throw new Error(`the length of ${factor} is not given`);
    return product * size;
  }, 1);
}

const elements = (shape: Shape, dims: Dims) => shape.reduce<number>((product, dim) => product * sizeOf(dim, dims), 1);

/** What a graph's matrix products really take, node by node: the needed ones and whatever else it does by products. */
export function graphFlops(graph: Graph, dims: Dims): number {
  let total = 0;
  for (const node of graph.nodes) {
    const [a, b] = node.inputs as readonly (Value | null)[];
    const y = node.outputs[0] as Value;
    if (node.op === "MatMul" || node.op === "FusedMatMul") {
      const swapped = node.op === "FusedMatMul" && (node.attrs as { transA: boolean }).transA;
      const inner = a?.shape.at(swapped ? -2 : -1) as Dim;
      total += 2 * elements(y.shape, dims) * sizeOf(inner, dims);
    } else if (node.op === "MultiHeadAttention") {
      // Scores and context: each query position against each key position, over the whole width.
      total += 4 * elements(y.shape, dims) * sizeOf(b?.shape.at(-2) as Dim, dims);
    }
  }
  return total;
}

/** Sentences of a batch that is computed at one width. */
export interface Tokens {
  readonly batch: number;
  readonly width: number;
}

/** What a backbone's products follow from. */
export type EncoderShape = Pick<BackboneConfig, "hiddenSize" | "intermediateSize" | "layers">;

/**
 * The backbone's forward pass: its products with weights. Embeddings are look-ups.
 *
 * @param read positions per sentence for which the last layer is computed; null: all
 */
export function linearFlops(
  { hiddenSize: h, intermediateSize: f, layers }: EncoderShape,
  { batch, width }: Tokens,
  read: number | null = null,
): number {
  return batch * ((layers - 1) * width + (read ?? width)) * 2 * (4 * h * h + 2 * h * f);
}

/** The backbone's forward pass: each position against each; in the last layer, those that are read against each. */
export function attentionFlops(
  { hiddenSize, layers }: EncoderShape,
  { batch, width }: Tokens,
  read: number | null = null,
): number {
  return batch * ((layers - 1) * width + (read ?? width)) * 4 * width * hiddenSize;
}

/** An adapter step's operations. */
export interface StepFlops {
  readonly forward: number;
  readonly backward: number;
}

/** One matrix product in a training step: its gradients cost as much again, each, where they are wanted. */
interface Product {
  readonly flops: number;
  /** Operands whose gradients are wanted: a weight and an activation 2, a weight beside a frozen input 1. */
  readonly gradients: 1 | 2;
}

/**
 * What a step of adapter and relation head needs.
 *
 * @param positions positions per sentence that the head reads: the last transformer layer of the last adapter layer is
 * computed for these alone, with the projections of keys and values moved to them, head by head. Null: every position is
 * computed, as the released code does.
 */
export function stepFlops(
  adapter: KAdapterConfig,
  hidden: number,
  labels: number,
  { batch, width }: Tokens,
  positions: number | null,
): StepFlops {
  const { size, intermediateSize } = adapter;
  const all = batch * width;
  const read = positions === null ? all : batch * positions;
  const products: Product[] = [];
  const linear = (rows: number, inputs: number, outputs: number, gradients: 1 | 2 = 2) =>
    products.push({ flops: 2 * rows * inputs * outputs, gradients });
  /** Scores and weighted means over vectors of a head, or of the whole width where keys and values are not projected. */
  const attention = (rows: number, vector: number) =>
    products.push({ flops: 4 * rows * width * adapter.heads * vector, gradients: 2 });
  adapter.layers.forEach((_, k) => {
    const lastAdapterLayer = k === adapter.layers.length - 1;
    // The first adapter layer reads a frozen state only.
    linear(all, adapter.input === "concat" && k > 0 ? 2 * hidden : hidden, size, k === 0 ? 1 : 2);
    for (let n = 0; n < adapter.transformerLayers; n++) {
      const few = positions !== null && lastAdapterLayer && n === adapter.transformerLayers - 1;
      const queries = few ? read : all;
      linear(queries, size, 3 * size);
      attention(queries, few ? size : size / adapter.heads);
      linear(queries, size, size);
      linear(queries, size, 2 * intermediateSize);
    }
    linear(lastAdapterLayer ? read : all, size, hidden);
  });
  linear(read, 2 * hidden, hidden);
  linear(batch, 2 * hidden, hidden);
  linear(batch, hidden, labels);
  return {
    forward: products.reduce((sum, { flops }) => sum + flops, 0),
    backward: products.reduce((sum, { flops, gradients }) => sum + flops * gradients, 0),
  };
}
