/**
 * Graphs in ONNX's own operators, for runtimes that do not know ONNX Runtime's, or know an older version of ONNX's.
 * @module
 */
import { type Graph, GraphBuilder } from "./builder.js";
import { add, erf, matmul, mul, tanh, transpose } from "./functions.js";
import type { OpAttrs, OpType } from "./ops.js";
import type { Node, Value } from "./value.js";

export interface LowerOptions {
  /** Whether products that swap or scale stay one operator of ONNX Runtime's. */
  readonly fusedProducts: boolean;
  /** Version of ONNX's operators, from {@link oldestOpset} on. */
  readonly opset: number;
}

/** The first version in which all reductions take their axes as an input. */
export const oldestOpset = 18;
/** The version that brought Gelu. */
const geluOpset = 20;

/** The same graph without operators that the runtime lacks. */
export function lowered(graph: Graph, { fusedProducts, opset }: LowerOptions): Graph {
  const g = GraphBuilder.on(graph);
  const rules: { readonly [K in OpType]?: (node: Node<K>) => readonly [Value, Value] } = {
    ...(fusedProducts ? {} : { FusedMatMul: (node: Node<"FusedMatMul">) => plainProduct(g, node) }),
    ...(opset >= geluOpset ? {} : { Gelu: (node: Node<"Gelu">) => plainGelu(g, node) }),
  };
  for (const node of graph.nodes) {
    const rule = rules[node.op] as ((node: Node) => readonly [Value, Value]) | undefined;
    if (rule) g.scoped(`${node.name}/plain`, () => endWith(g, node, "Mul", rule(node), {}));
    else g.append(node);
  }
  return g.build(graph.outputs);
}

/** Adds the last operator of what stands for a node; its output is the node's own, which others read. */
export function endWith<K extends OpType>(
  g: GraphBuilder,
  node: Node,
  op: K,
  inputs: readonly Value[],
  attrs: OpAttrs[K],
): void {
  // A node's type cannot tell that operator and attributes belong together.
  g.append({ ...node, op, inputs, attrs } as Node);
}

/** The last two dimensions swapped. */
export function swapped(g: GraphBuilder, x: Value): Value {
  const axes = [...x.shape.keys()];
  return transpose(g, x, ...axes.slice(0, -2), ...axes.slice(-2).reverse());
}

function plainProduct(g: GraphBuilder, { inputs, attrs }: Node<"FusedMatMul">): readonly [Value, Value] {
  const [a, b] = inputs as readonly [Value, Value];
  const { transA, transB, alpha } = attrs;
  return [matmul(g, transA ? swapped(g, a) : a, transB ? swapped(g, b) : b), g.scalar(alpha)];
}

/**
 * x·Φ(x), or its approximation by tanh (arXiv 1606.08415, §2).
 *
 * @see https://github.com/onnx/onnx/blob/v1.18.0/docs/Operators.md#Gelu
 */
function plainGelu(g: GraphBuilder, { inputs, attrs }: Node<"Gelu">): readonly [Value, Value] {
  const [x] = inputs as readonly [Value];
  const half = mul(g, x, g.scalar(0.5));
  const one = g.scalar(1);
  if (attrs.approximate === "none") return [half, add(g, one, erf(g, mul(g, x, g.scalar(Math.SQRT1_2))))];
  const cube = mul(g, mul(g, mul(g, x, x), x), g.scalar(0.044715));
  return [half, add(g, one, tanh(g, mul(g, add(g, x, cube), g.scalar(Math.sqrt(2 / Math.PI)))))];
}
