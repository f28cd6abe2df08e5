/**
 * Tall products in blocks of rows: ONNX Runtime's float32 product walks over all rows for each piece of the weights that
 * it packs, so a result of more rows than the processor's cache holds is fetched from memory again and again. As a
 * batch of products with the same weights, each block stays in the cache; nothing is copied.
 * @module
 */
import { type Graph, GraphBuilder } from "./builder.js";
import { concat, div, equal, greaterOrEqual, mul, shapeOf, slice, where } from "./functions.js";
import type { OpAttrs } from "./ops.js";
import type { Dim, Node, Shape, Value } from "./value.js";

/** Rows come in blocks where their number is a multiple of this. */
export const rowUnit = 8;
/** From so many rows on, a product is done in blocks: below, packing the weights for each costs more than it saves. */
export const tallRows = 2048;
/** From so many rows on there are {@link rowUnit} blocks, and half as many below. */
const tallestRows = 2 * tallRows;
/** Smaller weights are packed in no time, and their products end before the cache matters. */
const leastSize = 512;

/** The same graph with its tall products in blocks; products of fewer rows, or of an odd number, stay whole. */
export function inRowBlocks(graph: Graph): Graph {
  const g = GraphBuilder.on(graph);
  const shapes = new BlockShapes(g);
  for (const node of graph.nodes) {
    if (mayBeTall(node)) g.scoped(`${node.name}/blocks`, () => addInBlocks(g, shapes, node));
    else g.append(node);
  }
  return g.build(graph.outputs);
}

/** Whether rows of which only the run knows how many are multiplied by weights of a known size. */
function mayBeTall({ op, attrs, inputs }: Node): boolean {
  if (op !== "MatMul" && (op !== "FusedMatMul" || (attrs as OpAttrs["FusedMatMul"]).transA)) return false;
  const [rows, weights] = inputs.map((value) => value?.shape ?? []) as [Shape, Shape];
  const large = (dim: Dim) => typeof dim === "number" && dim >= leastSize;
  return rows.length === 2 && weights.length === 2 && typeof rows[0] === "string" && weights.every(large);
}

function addInBlocks(g: GraphBuilder, shapes: BlockShapes, node: Node): void {
  const [x, weights] = node.inputs as [Value, Value];
  const [rows, size] = x.shape as [string, number];
  const outputs = node.outputs[0]?.shape[1] as number;
  const inBlocks: Shape = ["blocks", `${rows}/blocks`, size];
  const blocks = g.emitAs("Reshape", [x, shapes.of(x)], {}, { dtype: x.dtype, shape: inBlocks });
  // One axis more than the rows have: with as many or fewer, the blocks would be taken for one product again.
  const raised = g.emitOne("Unsqueeze", [weights, g.ints(0, 1)], {});
  const product = g.emitOne(node.op, [blocks, raised], node.attrs);
  // Its output is the product's own, which other nodes read.
  g.append({ ...node, op: "Reshape", inputs: [product, g.ints(-1, outputs)], attrs: {} });
}

/** The shapes of rows in blocks, each computed once. */
class BlockShapes {
  private readonly known = new Map<string, Value>();

  constructor(private readonly g: GraphBuilder) {}

  /** int64 `[3]`: the shape of `x` in blocks. */
  of(x: Value): Value {
    const [rows, size] = x.shape;
    return this.once(`${rows} of ${size}`, () => {
      const blocks = this.once(`${rows}`, () => blockCount(this.g, x));
      return concat(this.g, [blocks, this.g.ints(-1, size as number)], 0);
    });
  }

  private once(key: string, make: () => Value): Value {
    const value = this.known.get(key) ?? make();
    this.known.set(key, value);
    return value;
  }
}

/** int64 `[1]`: into how many blocks the rows of `x` fall. */
function blockCount(g: GraphBuilder, x: Value): Value {
  const rows = slice(g, shapeOf(g, x), 0, 0, 1);
  const whole = equal(g, mul(g, div(g, rows, g.ints(rowUnit)), g.ints(rowUnit)), rows);
  const from = (least: number) => greaterOrEqual(g, rows, g.ints(least));
  const many = where(g, from(tallestRows), g.ints(rowUnit), g.ints(rowUnit / 2));
  const tall = g.emitOne("And", [whole, from(tallRows)], {});
  return where(g, tall, many, g.ints(1));
}
