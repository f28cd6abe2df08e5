import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Executor } from "../engine/executor.js";
import { add, cast, GraphBuilder, matmul, mul, reduceSum, softmax, toOnnx } from "../graph/index.js";
import { float32Tensor, floatsOf } from "../tensor.js";
import { randomTensor } from "../testing/random.js";
import { installedDevices } from "./devices.js";
import { localExecutor } from "./local.js";
import { probeDevice } from "./probe.js";
import { workerExecutor } from "./worker-executor.js";

/** total ← total + x, and its sum. */
function counter() {
  const g = new GraphBuilder();
  const next = add(g, g.input("total", "float32", [3]), g.input("x", "float32", [3]));
  return { model: toOnnx(g.build({ next, sum: reduceSum(g, next) })), updates: { next: "total" } };
}

const vector = (...values: readonly number[]) => float32Tensor([values.length], Float32Array.from(values));

const works = (device: "cuda" | "webgpu") =>
  installedDevices().includes(device) &&
  probeDevice(device).then(
    () => true,
    () => false,
  );
/** Only a machine with a GPU has these; WebGPU also works with a Vulkan driver in software. */
const gpus = { CUDA: await works("cuda"), WebGPU: await works("webgpu") };

const kinds: Readonly<Record<string, () => Promise<Executor>>> = {
  "on this thread": () => localExecutor({ device: "cpu", threads: 1 }),
  "on this thread, through the npm package's binding": () =>
    localExecutor({ device: "cpu", threads: 1, binding: "node" }),
  "that keeps its state on WebGPU": () => localExecutor({ device: "webgpu" }),
  "that keeps its state on CUDA": () => localExecutor({ device: "cuda" }),
  "on CUDA, through the npm package's binding": () => localExecutor({ device: "cuda", binding: "node" }),
  "in a worker thread": () => workerExecutor({ device: "cpu", threads: 1 }),
};

describe("localExecutor", () => {
  it("calls ONNX Runtime's C interface on the CPU, and the npm package's binding when asked", async () => {
    const [direct, packaged] = await Promise.all([
      localExecutor({ device: "cpu" }),
      localExecutor({ binding: "node" }),
    ]);
    expect([direct.bindingName, packaged.bindingName]).toEqual(["c", "node"]);
    await Promise.all([direct.close(), packaged.close()]);
  });

  it("gives the same bits through both", async () => {
    const g = new GraphBuilder();
    const x = g.input("x", "float32", ["rows", 7]);
    const outputs = { half: cast(g, softmax(g, x), "float16"), product: matmul(g, x, x, { transB: true }) };
    const model = toOnnx(g.build(outputs));
    const feeds = { x: randomTensor(1, [5, 7]) };
    const results = [];
    for (const options of [{}, { binding: "node" as const }]) {
      const executor = await localExecutor({ device: "cpu", threads: 1, ...options });
      results.push(await (await executor.load({ model })).run(feeds, ["half", "product"]));
      await executor.close();
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]?.["half"]).toMatchObject({ dtype: "float16", shape: [5, 7] });
  });
});

for (const [kind, open] of Object.entries(kinds)) {
  // The worker's JavaScript is built by `npm run build`.
  const missing =
    (kind.includes("worker") && !existsSync("dist/runtime/worker.js")) ||
    Object.entries(gpus).some(([name, there]) => kind.includes(name) && !there);
  describe.skipIf(missing)(`an executor ${kind}`, () => {
    it("replaces state by outputs, run after run", async () => {
      const executor = await open();
      await executor.setState({ total: vector(0, 0, 0) });
      const graph = await executor.load(counter());
      for (let i = 1; i <= 3; i++) {
        expect(floatsOf(await graph.run({ x: vector(1, 2, 3) }, ["sum"]), "sum")[0]).toBe(6 * i);
      }
      expect(floatsOf(await executor.getState(["total"]), "total")).toEqual(Float32Array.of(3, 6, 9));
      await executor.close();
    });

    it("makes zeros where graphs run, and replaces them", async () => {
      const executor = await open();
      await executor.setState({ total: vector(1, 1, 1) });
      await executor.setZeros({ total: [3], other: [2, 2] });
      expect(floatsOf(await executor.getState(["other"]), "other")).toEqual(new Float32Array(4));
      const graph = await executor.load(counter());
      for (let i = 1; i <= 3; i++) await graph.run({ x: vector(1, 2, 3) }, []);
      expect(floatsOf(await executor.getState(["total"]), "total")).toEqual(Float32Array.of(3, 6, 9));
      await executor.close();
    });

    it("hands out copies of the state", async () => {
      const executor = await open();
      await executor.setState({ total: vector(1, 1, 1) });
      const graph = await executor.load(counter());
      const before = floatsOf(await executor.getState(["total"]), "total");
      await graph.run({ x: vector(1, 1, 1) }, []);
      await graph.run({ x: vector(1, 1, 1) }, []);
      expect(before).toEqual(Float32Array.of(1, 1, 1));
      await executor.close();
    });

    it("leaves the state as it was when a run fails", async () => {
      const executor = await open();
      await executor.setState({ total: vector(1, 2, 3) });
      const graph = await executor.load(counter());
      await expect(graph.run({ x: vector(1, 2) }, ["sum"])).rejects.toThrow();
      expect(floatsOf(await executor.getState(["total"]), "total")).toEqual(Float32Array.of(1, 2, 3));
      expect(floatsOf(await graph.run({ x: vector(1, 1, 1) }, ["sum"]), "sum")[0]).toBe(9);
      await executor.close();
    });

    it("says which input is missing, and which slot", async () => {
      const executor = await open();
      const graph = await executor.load(counter());
      await expect(graph.run({ x: vector(1, 2, 3) }, ["sum"])).rejects.toThrow(/input total/);
      await expect(executor.getState(["nothing"])).rejects.toThrow(/slot nothing/);
      await executor.close();
    });

    it("keeps the state and graphs of scopes apart, and ends them with the scope", async () => {
      const executor = await open();
      const scopes = [executor.scope(), executor.scope()];
      const graphs = [];
      for (const [i, scope] of scopes.entries()) {
        await scope.setState({ total: vector(100 * i, 0, 0) });
        graphs.push(await scope.load(counter()));
      }
      for (const [i, graph] of graphs.entries()) {
        expect(floatsOf(await graph.run({ x: vector(1, 2, 3) }, ["sum"]), "sum")[0]).toBe(100 * i + 6);
      }
      await expect(executor.getState(["total"])).rejects.toThrow(/slot total/);
      const [first, second] = scopes as [Executor, Executor];
      const inner = second.scope();
      await inner.setState({ total: vector(7, 7, 7) });
      await first.close();
      await first.close();
      await expect(graphs[0]?.run({ x: vector(1, 2, 3) }, ["sum"])).rejects.toThrow(/closed/);
      await expect(first.load(counter())).rejects.toThrow(/closed/);
      expect(floatsOf(await second.getState(["total"]), "total")).toEqual(Float32Array.of(101, 2, 3));
      expect(floatsOf(await inner.getState(["total"]), "total")).toEqual(Float32Array.of(7, 7, 7));
      await second.close();
      await expect(inner.setState({ total: vector(1, 1, 1) })).rejects.toThrow(/closed/);
      await executor.close();
    });

    it("refuses whatever is asked of it once it is closed, and may be closed again", async () => {
      const executor = await open();
      const [scope, graph] = [executor.scope(), await executor.load(counter())];
      expect([executor.closed, scope.closed]).toEqual([false, false]);
      await executor.close();
      expect([executor.closed, scope.closed]).toEqual([true, true]);
      expect(() => executor.scope()).toThrow(/the engine is closed/);
      await expect(executor.load(counter())).rejects.toThrow(/the engine is closed/);
      await expect(scope.setState({ total: vector(1, 2, 3) })).rejects.toThrow(/the engine is closed/);
      await expect(graph.run({ x: vector(1, 2, 3) }, ["sum"])).rejects.toThrow(/closed/);
      await executor.close();
    });

    it("takes parameters from memory beside the model", async () => {
      const executor = await open();
      const g = new GraphBuilder();
      const weight = { name: "w", shape: [2, 2], dtype: "float32", init: { kind: "constant", value: 0 } } as const;
      const y = mul(g, matmul(g, g.input("x", "float32", [1, 2]), g.use(weight)), g.scalar(2));
      const bytes = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
      const model = toOnnx(g.build({ y }), {
        parameter: () => ({ kind: "external", location: "w", offset: 0, length: 16 }),
      });
      const graph = await executor.load({ model, externalFiles: { w: bytes } });
      const results = await graph.run({ x: float32Tensor([1, 2], Float32Array.of(1, 10)) }, ["y"]);
      expect(floatsOf(results, "y")).toEqual(Float32Array.of(62, 84));
      await executor.close();
    });
  });
}

describe("devices", () => {
  it("always offers the CPU", () => {
    expect(installedDevices()).toContain("cpu");
  });

  it.skipIf(installedDevices().includes("cuda"))("names what is there when a device is not", async () => {
    await expect(localExecutor({ device: "cuda" })).rejects.toThrow(/cuda is not part of this installation.*cpu/);
  });
});
