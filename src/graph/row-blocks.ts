/**
 * Tall products in blocks of rows: ONNX Runtime's float32 product walks over all rows for each piece of the weights that
 * it packs, so a result of more rows than the processor's cache holds is fetched from memory again and again. As a
 * batch of products with the same weights, each block stays in the cache; nothing is copied.
 * @module
 */
import type { HostTensor } from "../tensor.js";
import type { Graph } from "./builder.js";
import type { OpAttrs, OpType } from "./ops.js";
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
  const blocks = new BlockBuilder(graph);
  for (const node of graph.nodes) blocks.add(node);
  return blocks.graph;
}

/** Whether rows of which only the run knows how many are multiplied by weights of a known size. */
function mayBeTall({ op, attrs, inputs }: Node): boolean {
  if (op !== "MatMul" && (op !== "FusedMatMul" || (attrs as OpAttrs["FusedMatMul"]).transA)) return false;
  const [rows, weights] = inputs.map((value) => value?.shape ?? []) as [Shape, Shape];
  const large = (dim: Dim) => typeof dim === "number" && dim >= leastSize;
  return rows.length === 2 && weights.length === 2 && typeof rows[0] === "string" && weights.every(large);
}

class BlockBuilder {
  private readonly nodes: Node[] = [];
  private readonly constants = new Map<Value, HostTensor>();
  private readonly shared = new Map<string, Value>();
  /** The node in work: what is added for it carries its name, so that a profile tells where it comes from. */
  private scope = "";

  constructor(private readonly source: Graph) {}

  get graph(): Graph {
    return { ...this.source, nodes: this.nodes, constants: new Map([...this.source.constants, ...this.constants]) };
  }

  add(node: Node): void {
    if (!mayBeTall(node)) {
      this.nodes.push(node);
      return;
    }
    this.scope = node.name;
    const [x, weights] = node.inputs as [Value, Value];
    const [rows, size] = x.shape as [string, number];
    const outputs = node.outputs[0]?.shape[1] as number;
    const inner = `${rows}/blocks`;
    const blocks = this.emit("Reshape", [x, this.target(x)], ["blocks", inner, size], {});
    // One axis more than the rows have: with as many or fewer, the blocks would be taken for one product again.
    const raised = this.emit("Unsqueeze", [weights, this.ints(0, 1)], [1, 1, ...weights.shape], {});
    const product = this.emit(node.op, [blocks, raised], [1, "blocks", inner, outputs], node.attrs);
    this.nodes.push({ ...node, op: "Reshape", inputs: [product, this.ints(-1, outputs)], attrs: {} });
  }

  /** The shape of `x` in blocks. */
  private target(x: Value): Value {
    const [rows, size] = x.shape;
    return this.once(`${rows} of ${size}`, () => {
      const blocks = this.once(`${rows}`, () => this.blockCount(x));
      return this.emit("Concat", [blocks, this.ints(-1, size as number)], [3], { axis: 0 }, "int64");
    });
  }

  /** int64 `[1]`: into how many blocks the rows of `x` fall. */
  private blockCount(x: Value): Value {
    const number = <K extends OpType>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]) =>
      this.emit(op, inputs, [1], attrs, "int64");
    const shape = this.emit("Shape", [x], [2], {}, "int64");
    const rows = number("Slice", [shape, this.ints(0), this.ints(1), this.ints(0)], {});
    const units = number("Div", [rows, this.ints(rowUnit)], {});
    const whole = this.emit("Equal", [number("Mul", [units, this.ints(rowUnit)], {}), rows], [1], {}, "bool");
    const from = (least: number) => this.emit("GreaterOrEqual", [rows, this.ints(least)], [1], {}, "bool");
    const many = number("Where", [from(tallestRows), this.ints(rowUnit), this.ints(rowUnit / 2)], {});
    const tall = this.emit("And", [whole, from(tallRows)], [1], {}, "bool");
    return number("Where", [tall, many, this.ints(1)], {});
  }

  private ints(...numbers: readonly number[]): Value {
    return this.once(`constant ${numbers.join()}`, () => {
      const type = { dtype: "int64", shape: [numbers.length] } as const;
      const name = `blocks.constant.${this.constants.size}`;
      const value: Value = { ...type, name, producer: null, literal: numbers };
      this.constants.set(value, { ...type, data: BigInt64Array.from(numbers, BigInt) });
      return value;
    });
  }

  private once(key: string, make: () => Value): Value {
    const value = this.shared.get(key) ?? make();
    this.shared.set(key, value);
    return value;
  }

  private emit<K extends OpType>(
    op: K,
    inputs: readonly Value[],
    shape: Shape,
    attrs: OpAttrs[K],
    dtype: Value["dtype"] = "float32",
  ): Value {
    const name = `${this.scope}/blocks/${op}.${this.nodes.length}`;
    const outputs: Value[] = [];
    const node = { op, name, inputs, outputs, attrs } as unknown as Node;
    outputs.push({ name, dtype, shape, producer: node });
    this.nodes.push(node);
    return outputs[0] as Value;
  }
}
