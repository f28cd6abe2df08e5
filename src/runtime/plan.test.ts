import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Executor, LoadedGraph } from "../engine/executor.js";
import { add, GraphBuilder, mul, reduceSum, toOnnx } from "../graph/index.js";
import { float32Tensor, floatsOf } from "../tensor.js";
import { localExecutor } from "./local.js";
import { workerExecutor } from "./worker-executor.js";

const kinds: Readonly<Record<string, () => Promise<Executor>>> = {
  "on this thread": () => localExecutor({ device: "cpu", threads: 1 }),
  "through the npm package's binding": () => localExecutor({ device: "cpu", threads: 1, binding: "node" }),
  "in a worker thread": () => workerExecutor({ device: "cpu", threads: 1 }),
};

const matrix = (rows: number, ...values: readonly number[]) =>
  float32Tensor([rows, values.length / rows], Float32Array.from(values));

/** double = 2x, square = x² */
function source() {
  const g = new GraphBuilder();
  const x = g.input("x", "float32", ["rows", 2]);
  return { model: toOnnx(g.build({ double: add(g, x, x), square: mul(g, x, x) })) };
}

/** sum = Σ of (h + bias) by row; the bias is state. */
function reader() {
  const g = new GraphBuilder();
  const h = g.input("h", "float32", ["rows", 2]);
  return { model: toOnnx(g.build({ sum: reduceSum(g, add(g, h, g.input("bias", "float32", [2])), [1]) })) };
}

async function opened(open: () => Promise<Executor>) {
  const executor = await open();
  const scopes = [executor.scope(), executor.scope()] as const;
  const graphs: LoadedGraph[] = [];
  for (const [i, scope] of scopes.entries()) {
    await scope.setState({ bias: float32Tensor([2], Float32Array.of(100 * i, 0)) });
    graphs.push(await scope.load(reader()));
  }
  const [first, second] = graphs as [LoadedGraph, LoadedGraph];
  return { executor, scopes, states: await executor.load(source()), first, second };
}

for (const [kind, open] of Object.entries(kinds)) {
  // The worker's JavaScript is built by `npm run build`.
  describe.skipIf(kind.includes("worker") && !existsSync("dist/runtime/worker.js"))(`a plan ${kind}`, () => {
    it("gives what its graphs give one after another, each with the state of its own scope", async () => {
      const { executor, states, first, second } = await opened(open);
      const x = () => matrix(3, 1, 2, 3, 4, 5, 6);
      const { double, square } = await states.run({ x: x() }, ["double", "square"]);
      const some = matrix(2, ...floatsOf({ square: square as never }, "square").slice(4), 1, 4);
      const byHand = [await first.run({ h: double as never }, ["sum"]), await second.run({ h: some }, ["sum"])];
      const [own, all, picked] = await executor.runPlan([
        { graph: states, feeds: { x: x() }, fetch: ["square"] },
        { graph: first, feeds: {}, from: { h: { step: 0, output: "double" } }, fetch: ["sum"] },
        { graph: second, feeds: {}, from: { h: { step: 0, output: "square", rows: [2, 0] } }, fetch: ["sum"] },
      ]);
      expect(own).toEqual({ square });
      expect([all, picked]).toEqual(byHand);
      expect(floatsOf(picked ?? {}, "sum")).toEqual(Float32Array.of(161, 105));
      await executor.close();
    });

    it("lets several steps be fed the same tensor and read the same rows", async () => {
      const { executor, states, first, second } = await opened(open);
      const x = matrix(2, 1, 1, 2, 2);
      const from = { h: { step: 0, output: "double", rows: [1, 1] } };
      const results = await executor.runPlan([
        { graph: states, feeds: { x }, fetch: [] },
        { graph: first, feeds: { unread: x }, from, fetch: ["sum"] },
        { graph: second, feeds: { unread: x }, from, fetch: ["sum"] },
      ]);
      expect(results.map((one) => [...(one["sum"]?.data ?? [])])).toEqual([[], [8, 8], [108, 108]]);
      await executor.close();
    });

    it("refuses rows that are not there, steps that come later, graphs that are closed, others' or change state", async () => {
      const { executor, scopes, states, first, second } = await opened(open);
      const plan = (graph: LoadedGraph, from: { step: number; output: string; rows?: readonly number[] }) =>
        executor.runPlan([
          { graph: states, feeds: { x: matrix(1, 1, 2) }, fetch: [] },
          { graph, feeds: {}, from: { h: from }, fetch: ["sum"] },
        ]);
      await expect(plan(first, { step: 0, output: "double", rows: [1] })).rejects.toThrow(
        /row 1 of a tensor that has 1/,
      );
      await expect(plan(first, { step: 1, output: "sum" })).rejects.toThrow(/is not run before it/);
      await expect(plan(first, { step: 0, output: "triple" })).rejects.toThrow(/triple/);
      const g = new GraphBuilder();
      const next = add(g, g.input("bias", "float32", [2]), g.input("h", "float32", [2]));
      const changing = await scopes[0].load({ model: toOnnx(g.build({ next })), updates: { next: "bias" } });
      await expect(executor.runPlan([{ graph: changing, feeds: {}, fetch: [] }])).rejects.toThrow(/changes state/);
      const foreign = { run: async () => ({}), close: async () => undefined };
      await expect(plan(foreign, { step: 0, output: "double" })).rejects.toThrow(/another engine's/);
      await scopes[0].close();
      await expect(plan(first, { step: 0, output: "double" })).rejects.toThrow(/closed/);
      const [, last] = await plan(second, { step: 0, output: "double" });
      expect(floatsOf(last ?? {}, "sum")).toEqual(Float32Array.of(106));
      await executor.close();
      await expect(plan(second, { step: 0, output: "double" })).rejects.toThrow(/the engine is closed/);
    });
  });
}
