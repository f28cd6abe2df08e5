import type { Tensors } from "../engine/executor.js";
import { type GraphBuilder, toOnnx, type Value } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";

/** Runs a graph once and returns all of its outputs. */
export async function runGraph(
  g: GraphBuilder,
  outputs: Readonly<Record<string, Value>>,
  feeds: Tensors,
): Promise<Tensors> {
  const executor = await localExecutor({ device: "cpu", threads: 2 });
  const graph = await executor.load({ model: toOnnx(g.build(outputs)) });
  const results = await graph.run(feeds, Object.keys(outputs));
  await executor.close();
  return results;
}
