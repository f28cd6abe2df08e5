import { describe, expect, it } from "vitest";
import { localExecutor } from "../runtime/local.js";
import { floatsOf, type HostTensor } from "../tensor.js";
import { randomTensor } from "../testing/random.js";
import { GraphBuilder, gradientsOf, inRowBlocks, matmul, mul, reduceSum, toOnnx } from "./index.js";

const [inputs, outputs] = [520, 640];

/** A product of both kinds and its gradients. */
function products() {
  const g = new GraphBuilder();
  const x = g.input("x", "float32", ["rows", inputs]);
  const weight = g.input("weight", "float32", [outputs, inputs]);
  const hidden = matmul(g, x, weight, { transB: true, alpha: 0.5 });
  const y = matmul(g, hidden, weight);
  const gradients = gradientsOf(g, reduceSum(g, mul(g, y, y)), [x, weight]);
  return g.build({ hidden, y, dx: gradients.get(x)!, dw: gradients.get(weight)! });
}

const names = ["hidden", "y", "dx", "dw"] as const;

async function both(rows: number) {
  const graph = products();
  const executor = await localExecutor({ device: "cpu", threads: 2 });
  const feeds = (): Record<string, HostTensor> => ({
    x: randomTensor(1, [rows, inputs]),
    weight: randomTensor(2, [outputs, inputs]),
  });
  const run = async (model: Uint8Array) => (await executor.load({ model })).run(feeds(), names);
  const results = [await run(toOnnx(graph)), await run(toOnnx(inRowBlocks(graph)))] as const;
  await executor.close();
  return results;
}

describe("inRowBlocks", () => {
  it.each([
    ["four blocks", 2048],
    ["eight blocks", 4104],
    ["too few rows", 64],
    ["rows that do not divide", 2051],
  ])("gives the same products and gradients: %s", async (_, rows) => {
    const [whole, blocked] = await both(rows);
    for (const name of names) {
      const [a, b] = [floatsOf(whole, name), floatsOf(blocked, name)];
      expect(blocked[name]?.shape).toEqual(whole[name]?.shape);
      const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const apart = a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
      expect(largest).toBeGreaterThan(0);
      expect(apart / largest).toBeLessThan(1e-5);
    }
  });

  it("leaves alone what is not tall: gradients of weights, small weights, a known number of rows", () => {
    const kept = (rows: number | string, size: number) => {
      const g = new GraphBuilder();
      const x = g.input("x", "float32", [rows, size]);
      const graph = g.build({ y: matmul(g, x, g.input("w", "float32", [size, size])) });
      return inRowBlocks(graph).nodes.length === graph.nodes.length;
    };
    expect([kept("rows", 256), kept(4096, 768), kept("rows", 768)]).toEqual([true, true, false]);
    const graph = products();
    const shapes = inRowBlocks(graph).nodes.flatMap(({ op, inputs: [x] }) =>
      op.endsWith("MatMul") ? [x?.shape.length] : [],
    );
    expect(shapes.sort()).toEqual([2, 2, 3, 3, 3, 3]);
  });
});
