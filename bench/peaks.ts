/**
 * What the machine's products reach, to tell limits from.
 * @module
 */

import type { Executor } from "../src/engine/executor.js";
import { add, GraphBuilder, type Value } from "../src/graph/index.js";
import { gemmChain, Stage } from "./graphs.js";
import { seconds } from "./stats.js";

const rows = 1024;
const pairs = 3;
const runs = 6;

/** GFLOP/s of the best of several runs of products `[rows, inner] · [inner, outer]` and back. */
async function best(run: () => Promise<unknown>, inner: number, outer: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) least = Math.min(least, await seconds(run));
  return (pairs * 4 * rows * inner * outer) / 1e9 / least;
}

/** GFLOP/s of float32 products with fed operands, as in training. */
export async function floatPeak(executor: Executor, inner: number, outer: number): Promise<number> {
  const chain = gemmChain(rows, inner, outer, pairs);
  await executor.setState(chain.state);
  const stage = await Stage.load(executor, { graph: chain.graph, updates: chain.updates, fetch: [] });
  return best(() => stage.run({}), inner, outer);
}

/** The same with stored int8 weights, activations quantised as they come. */
export async function int8Peak(executor: Executor, inner: number, outer: number): Promise<number> {
  const g = new GraphBuilder();
  const zero = g.constant({ dtype: "int8", shape: [], data: new Int8Array(1) });
  const product = (x: Value, inputs: number, outputs: number): Value => {
    const values = Int8Array.from({ length: inputs * outputs }, (_, i) => ((i * 37) % 129) - 64);
    const weight = g.constant({ dtype: "int8", shape: [inputs, outputs], data: values });
    const vector = (value: number) =>
      g.constant({ dtype: "float32", shape: [outputs], data: new Float32Array(outputs).fill(value) });
    return g.emitOne("DynamicQuantizeMatMul", [x, weight, vector(1 / 64 / Math.sqrt(inputs)), zero, vector(0)], {});
  };
  const data = Float32Array.from({ length: rows * inner }, (_, i) => Math.sin(i));
  // A constant's products would be folded away when the graph is loaded.
  let x = add(g, g.constant({ dtype: "float32", shape: [rows, inner], data }), g.input("shift", "float32", []));
  for (let i = 0; i < pairs; i++) x = product(product(x, inner, outer), outer, inner);
  const stage = await Stage.load(executor, { graph: g.build({ y: x }), updates: {}, fetch: ["y"] });
  return best(() => stage.run({ shift: { dtype: "float32", shape: [], data: new Float32Array(1) } }), inner, outer);
}
