/**
 * Smaller forms of a graph's weights: half the bytes, or a quarter of them.
 * @module
 */
import { cast, type Graph, GraphBuilder, gather, mul, type Parameter, unsqueeze, type Value } from "../graph/index.js";
import { endWith, swapped } from "../graph/lower.js";
import type { OpAttrs } from "../graph/ops.js";
import type { Node } from "../graph/value.js";
import { constant } from "../nn/index.js";
import { quantizeWeight } from "../nn/int8.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { toFloat16 } from "../weights/float16.js";

/** A graph and what its parameters hold. */
export interface WeightedGraph {
  readonly graph: Graph;
  readonly tensors: ReadonlyMap<Parameter, HostTensor>;
}

/** The same graph with its matrices as float16, each made float32 again before it is used. */
export function withHalfWeights({ graph, tensors }: WeightedGraph): WeightedGraph {
  const g = GraphBuilder.on(graph);
  const found = new Map(tensors);
  const replaced = new Set<Parameter>();
  for (const [parameter, value] of graph.parameters) {
    if (parameter.shape.length < 2) continue;
    const half: Parameter = { ...parameter, name: `${value.name}.float16`, dtype: "float16" };
    found.set(half, toFloat16(floats(tensors, parameter)));
    const attrs = { to: "float32" } as const;
    g.append({ op: "Cast", name: `${value.name}/Cast`, inputs: [g.use(half)], outputs: [value], attrs });
    replaced.add(parameter);
  }
  for (const node of graph.nodes) g.append(node);
  const built = g.build(graph.outputs);
  const parameters = new Map([...built.parameters].filter(([parameter]) => !replaced.has(parameter)));
  return { graph: { ...built, parameters }, tensors: found };
}

/** 8-bit products may overflow the 16-bit sums of processors of before 2019; with 7 bits they do not. */
const bits = 7;

/**
 * The same graph with dynamic quantisation: matrices that are multiplied by as int8, with a scale for each output, and
 * what they are multiplied with quantised when the graph runs, with one scale for all of a batch. An embedding that is
 * the output matrix, too, is looked up in its int8 form.
 */
export function withInt8Weights({ graph, tensors }: WeightedGraph): WeightedGraph {
  const g = GraphBuilder.on(graph);
  const weights = new Int8Weights(g, { graph, tensors });
  for (const node of graph.nodes) {
    const weight = weights.of(node);
    if (weight === null) g.append(node);
    else
      g.scoped(`${node.name}/int8`, () => (node.op === "Gather" ? lookUp(g, node, weight) : multiply(g, node, weight)));
  }
  return { graph: g.build(graph.outputs), tensors: weights.tensors };
}

/** A matrix's int8 form in a graph, in the matrix's own layout. */
interface Int8Values {
  readonly values: Value;
  /** float32, one for each output. */
  readonly scales: Value;
  /** Whether outputs are rows. */
  readonly outputsFirst: boolean;
}

class Int8Weights {
  readonly tensors: Map<Parameter, HostTensor>;
  private readonly owners: ReadonlyMap<Value, Parameter>;
  private readonly made = new Map<Value, Int8Values>();

  constructor(
    private readonly g: GraphBuilder,
    { graph, tensors }: WeightedGraph,
  ) {
    this.tensors = new Map(tensors);
    this.owners = new Map([...graph.parameters].map(([parameter, value]) => [value, parameter]));
    for (const node of graph.nodes) {
      const value = node.inputs[1] ?? null;
      if (value && isProduct(node) && this.owners.get(value)?.shape.length === 2) this.make(value, isTurned(node));
    }
  }

  /** The int8 form of the weight that a node reads; null where it stays as it is. */
  of(node: Node): Int8Values | null {
    const known = this.made.get(node.inputs[node.op === "Gather" ? 0 : 1] as Value);
    if (!known) return null;
    if (isProduct(node)) return known.outputsFirst === isTurned(node) ? known : null;
    const rows = node.op === "Gather" && (node.attrs as OpAttrs["Gather"]).axis === 0;
    return rows && known.outputsFirst ? known : null;
  }

  private make(value: Value, outputsFirst: boolean): void {
    if (this.made.has(value)) return;
    const owner = this.owners.get(value) as Parameter;
    const [rows, columns] = owner.shape as readonly [number, number];
    const [outputs, inputs] = outputsFirst ? [rows, columns] : [columns, rows];
    const matrix = floats(this.tensors, owner).data;
    const { values, scales } = quantizeWeight(outputsFirst ? matrix : turned(matrix, inputs, outputs), outputs, bits);
    const data = outputsFirst ? turned(values, inputs, outputs) : values;
    const use = (end: string, shape: readonly number[], tensor: HostTensor<"int8" | "float32">) => {
      const parameter: Parameter = { name: `${value.name}${end}`, shape, dtype: tensor.dtype, init: constant(0) };
      this.tensors.set(parameter, tensor);
      return this.g.use(parameter);
    };
    this.made.set(value, {
      values: use(".int8", owner.shape, { dtype: "int8", shape: owner.shape, data }),
      scales: use(".int8_scale", [outputs], float32Tensor([outputs], scales)),
      outputsFirst,
    });
  }
}

const isProduct = ({ op, attrs }: Node): boolean =>
  op === "MatMul" || (op === "FusedMatMul" && !(attrs as OpAttrs["FusedMatMul"]).transA);

const isTurned = ({ op, attrs }: Node): boolean => op === "FusedMatMul" && (attrs as OpAttrs["FusedMatMul"]).transB;

/** `[rows, columns]` → `[columns, rows]` */
function turned<A extends Float32Array | Int8Array>(data: A, rows: number, columns: number): A {
  const result = data.slice() as A;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = data[row * columns + column] as number;
  }
  return result;
}

function floats(tensors: ReadonlyMap<Parameter, HostTensor>, parameter: Parameter): HostTensor<"float32"> {
  const tensor = tensors.get(parameter);
  if (tensor?.dtype !== "float32") throw new Error(`there is no float32 tensor ${parameter.name}`);
  return tensor as HostTensor<"float32">;
}

/** x·W ≈ scale_x · scale_W · (q_x − zero_x)·q_W */
function multiply(g: GraphBuilder, node: Node, { values, scales, outputsFirst }: Int8Values): void {
  const [x] = node.inputs as readonly [Value];
  const [quantized, scale, zero] = g.emit("DynamicQuantizeLinear", [x], {}) as readonly [Value, Value, Value];
  const sums = g.emitOne("MatMulInteger", [quantized, outputsFirst ? swapped(g, values) : values, zero], {});
  const factor = node.op === "FusedMatMul" ? (node.attrs as OpAttrs["FusedMatMul"]).alpha : 1;
  const both = mul(g, scale, scales);
  const scaled = factor === 1 ? both : mul(g, both, g.scalar(factor));
  endWith(g, node, "Mul", [cast(g, sums, "float32"), scaled], {});
}

/** Rows of a matrix by their numbers. */
function lookUp(g: GraphBuilder, node: Node, { values, scales }: Int8Values): void {
  const ids = node.inputs[1] as Value;
  const rows = cast(g, gather(g, values, ids), "float32");
  endWith(g, node, "Mul", [rows, unsqueeze(g, gather(g, scales, ids), ids.shape.length)], {});
}
